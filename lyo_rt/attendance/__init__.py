"""Who is in the study room of a course now."""
