"""What admins and super admins do with accounts."""
