"""Rate limits: how often one learner, or one address, may ask (SPEC §2)."""
