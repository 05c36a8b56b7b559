"""What was done to accounts and to the deployment, by whom: written once, never changed."""
