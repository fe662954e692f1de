"""What is looked at before a box is called ready: one file per subject, each check a generator of findings."""
