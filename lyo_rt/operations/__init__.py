"""What operators are told: which instances there are, and what befell them."""
