"""The streaming step as an ONNX graph written operator by operator: the same mathematics as the export, half the nodes.

At its real pace, one step every 16.7 ms, the caches are cold: a node costs about 2 us and a megabyte of weights 60 us.
What PyTorch's exporter writes has 409 nodes after optimisation; this has about 160.
"""
