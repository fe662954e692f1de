"""Commands, answers, events, topics and health: the models that every transport shares."""
