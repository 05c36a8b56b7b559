"""What is done with a person's data: the plan of it, and the erasure of a person."""
