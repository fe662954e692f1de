"""The other side, for trials: answers, talks, loses messages."""
