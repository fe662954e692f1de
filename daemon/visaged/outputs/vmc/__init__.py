"""The VMC protocol (Virtual Motion Capture): OSC over UDP, spoken by VRM and VTuber programs."""
