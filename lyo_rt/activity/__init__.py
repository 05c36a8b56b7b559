"""What a learner has done: a read model over the records of the features."""
