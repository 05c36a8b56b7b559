"""Who teaches whom: invited by the teacher, accepted by the student, ended by either."""
