"""What a learner is shown of what there is: a read model over courses, tasks and conversations."""
