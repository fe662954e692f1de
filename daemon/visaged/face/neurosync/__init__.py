"""NeuroSync: windows of features solved by a process of its own, blended into one movement."""
