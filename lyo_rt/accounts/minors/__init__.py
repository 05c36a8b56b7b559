"""Children under 13: how old who registers is, and the parent who agrees, sees what is kept, and takes it away."""
