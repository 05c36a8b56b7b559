"""What learners tell about themselves, and how they want to be treated."""
