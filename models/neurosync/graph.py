"""One window of NeuroSync as an ONNX graph, built node by node from the weights.

Everything is [frames, channels]: no batch, so every matrix product is a plain one. ``fused`` graphs use ONNX Runtime's
own attention and rotary operators (CPU and CUDA have them); the others keep to standard operators, for TensorRT.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from models.neurosync.matrices import Array, Model, joined, single
from models.neurosync.positions import angles, sinusoids
from models.neurosync.shape import FRAMES, Shape
from models.neurosync.weights_file import WeightsFile

OPSET: Final = 17
# The file format that goes with opset 17; a Jetson's ONNX Runtime may be years old.
_IR_VERSION: Final = 8
MICROSOFT: Final = "com.microsoft"
_EPSILON: Final = 1e-5


class Graph:
    """Nodes and constants on their way to a file."""

    def __init__(self, weights: WeightsFile) -> None:
        self._weights = weights
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, TensorProto] = {}

    def add(self, op: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: Any) -> list[str]:
        """A node; returns the names of its outputs."""
        names = [f"{op.lower()}_{len(self._nodes)}" + (f"_{n}" if outputs > 1 else "") for n in range(outputs)]
        self._nodes.append(helper.make_node(op, list(inputs), names, domain=domain, **attributes))
        return names

    def one(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """A node with one output."""
        return self.add(op, *inputs, domain=domain, **attributes)[0]

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """A small tensor, kept in the graph itself."""
        self._constants.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str, make: Callable[[], NDArray[Any]]) -> str:
        """A large tensor, kept in the weights file. Raises OSError."""
        self._constants.setdefault(name, self._weights.put(name, make))
        return name

    def save(self, path: Path, shape: Shape, output: str, also: Sequence[str] = ()) -> None:
        """Write the file: ``features`` [1, frames, inputs] -> ``output``, renamed ``curves``. Raises OSError.

        ``also``: tensors on the way that are outputs too, for calibration.
        """
        for node in self._nodes:
            node.output[:] = ["curves" if name == output else name for name in node.output]
        graph = helper.make_graph(
            self._nodes,
            "neurosync",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, FRAMES, shape.inputs])],
            [
                helper.make_tensor_value_info("curves", TensorProto.FLOAT, [1, FRAMES, shape.outputs]),
                *(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in also),
            ],
            list(self._constants.values()),
        )
        domains = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        path.write_bytes(
            helper.make_model(graph, opset_imports=domains, ir_version=_IR_VERSION).SerializeToString(
                deterministic=True
            )
        )


class Linear(Protocol):
    """How a matrix product is done: this is what tells the precisions apart."""

    dtype: type[np.floating[Any]]
    """Of everything between the products."""

    def __call__(self, graph: Graph, x: str, name: str, make: Callable[[], tuple[Array, Array]]) -> str:
        """``x`` [frames, inputs] times the matrix plus the bias that ``make()`` gives."""
        ...


class Float:
    """Products in float32 or float16."""

    def __init__(self, dtype: type[np.floating[Any]] = np.float32) -> None:
        self.dtype = dtype

    def __call__(self, graph: Graph, x: str, name: str, make: Callable[[], tuple[Array, Array]]) -> str:
        """See ``Linear``."""
        matrix = graph.weight(f"{name}.matrix", lambda: make()[0].astype(self.dtype))
        bias = graph.constant(f"{name}.bias", make()[1].astype(self.dtype))
        return graph.one("Gemm", x, matrix, bias)


class Network:
    """Lays the network into a graph."""

    def __init__(self, graph: Graph, model: Model, linear: Linear, fused: bool) -> None:
        self._graph = graph
        self._weights = model.weights
        self._shape = model.shape
        self._position = model.position
        self._linear = linear
        self._fused = fused

    def build(self) -> str:
        """All of it; returns the name of the output."""
        graph, shape = self._graph, self._shape
        x = graph.one("Reshape", "features", self._sizes("frames", FRAMES, shape.inputs))
        if self._linear.dtype != np.float32:
            x = graph.one("Cast", x, to=TensorProto.FLOAT16)
        x = self._place(self._product(x, "encoder.embedding"))
        for layer in range(shape.layers):
            x = self._encoder_layer(x, f"encoder.transformer_encoder.{layer}")
        memory = self._normalised(x, "encoder.layer_norm") if shape.norm else x
        x = self._place(memory)
        for layer in range(shape.layers):
            x = self._decoder_layer(x, memory, f"decoder.transformer_decoder.{layer}")
        x = self._normalised(x, "decoder.layer_norm") if shape.norm else x
        x = self._product(x, "decoder.fc_output")
        if self._linear.dtype != np.float32:
            x = graph.one("Cast", x, to=TensorProto.FLOAT)
        return graph.one("Reshape", x, self._sizes("curves", 1, FRAMES, shape.outputs))

    def _encoder_layer(self, x: str, name: str) -> str:
        x = self._normalised(self._sum(x, self._attention(x, x, f"{name}.self_attn")), f"{name}.norm1")
        return self._normalised(self._sum(x, self._feed_forward(x, f"{name}.ffn")), f"{name}.norm2")

    def _decoder_layer(self, x: str, memory: str, name: str) -> str:
        x = self._normalised(self._sum(x, self._attention(x, x, f"{name}.self_attn")), f"{name}.norm1")
        x = self._normalised(self._sum(x, self._attention(x, memory, f"{name}.multihead_attn")), f"{name}.norm2")
        return self._normalised(self._sum(x, self._feed_forward(x, f"{name}.ffn")), f"{name}.norm3")

    def _feed_forward(self, x: str, name: str) -> str:
        return self._product(self._graph.one("Relu", self._product(x, f"{name}.linear1")), f"{name}.linear2")

    def _attention(self, x: str, source: str, name: str) -> str:
        q, k, v = self._projections(x, source, name)
        attend = self._attend_fused if self._fused else self._attend
        return self._product(attend(q, k, v), f"{name}.out_linear")

    def _projections(self, x: str, source: str, name: str) -> list[str]:
        """Queries, keys and values, [frames, hidden] each; one product where they come from the same."""
        graph, shape = self._graph, self._shape
        if x == source:
            qkv = self._linear(graph, x, f"{name}.qkv", lambda: joined(self._weights, name, "qkv", shape))
            return graph.add("Split", qkv, outputs=3, axis=1)
        q = self._linear(graph, x, f"{name}.q", lambda: joined(self._weights, name, "q", shape))
        kv = self._linear(graph, source, f"{name}.kv", lambda: joined(self._weights, name, "kv", shape))
        return [q, *graph.add("Split", kv, outputs=2, axis=1)]

    def _attend_fused(self, q: str, k: str, v: str) -> str:
        graph, shape = self._graph, self._shape
        batched = self._sizes("batched", 1, FRAMES, shape.hidden)
        q, k, v = (graph.one("Reshape", part, batched) for part in (q, k, v))
        if self._position != "sinusoidal":
            turn = angles(FRAMES, shape.head_size)
            tables = [
                graph.constant("frame", np.zeros(1, np.int64)),
                graph.constant("cos", np.cos(turn).astype(self._linear.dtype)),
                graph.constant("sin", np.sin(turn).astype(self._linear.dtype)),
            ]
            q, k = (
                graph.one("RotaryEmbedding", part, *tables, domain=MICROSOFT, num_heads=shape.heads) for part in (q, k)
            )
        attended = graph.one("MultiHeadAttention", q, k, v, domain=MICROSOFT, num_heads=shape.heads)
        return graph.one("Reshape", attended, self._sizes("flat", FRAMES, shape.hidden))

    def _attend(self, q: str, k: str, v: str) -> str:
        graph, shape = self._graph, self._shape
        heads = self._sizes("heads", FRAMES, shape.heads, shape.head_size)
        q, k, v = (graph.one("Reshape", part, heads) for part in (q, k, v))
        if self._position != "sinusoidal":
            turn = angles(FRAMES, shape.head_size)[:, None, :]
            q, k = (self._rotate(part, "head", turn) for part in (q, k))
        scale = graph.constant("scale", np.array(shape.head_size**-0.5, self._linear.dtype))
        q = graph.one("Mul", graph.one("Transpose", q, perm=[1, 0, 2]), scale)
        scores = graph.one("MatMul", q, graph.one("Transpose", k, perm=[1, 2, 0]))
        attended = graph.one("MatMul", graph.one("Softmax", scores, axis=-1), graph.one("Transpose", v, perm=[1, 0, 2]))
        flat = self._sizes("flat", FRAMES, shape.hidden)
        return graph.one("Reshape", graph.one("Transpose", attended, perm=[1, 0, 2]), flat)

    def _rotate(self, x: str, name: str, turn: NDArray[np.float64]) -> str:
        """The two halves of the last axis as the parts of a vector, turned."""
        graph, dtype = self._graph, self._linear.dtype
        cos = graph.constant(f"{name}_cos", np.cos(turn).astype(dtype))
        sin = graph.constant(f"{name}_sin", np.sin(turn).astype(dtype))
        first, second = graph.add("Split", x, outputs=2, axis=-1)
        turned = (
            graph.one("Sub", graph.one("Mul", first, cos), graph.one("Mul", second, sin)),
            graph.one("Add", graph.one("Mul", first, sin), graph.one("Mul", second, cos)),
        )
        return graph.one("Concat", *turned, axis=-1)

    def _place(self, x: str) -> str:
        """What the variants that tell the position at the input do there; interleaved, for every channel is used."""
        graph, shape, dtype = self._graph, self._shape, self._linear.dtype
        if self._position == "sinusoidal":
            return graph.one("Add", x, graph.constant("sinusoids", sinusoids(FRAMES, shape.hidden).astype(dtype)))
        if self._position == "local":
            return x
        pairs = graph.one("Reshape", x, self._sizes("pairs", FRAMES, shape.hidden // 2, 2))
        turned = self._rotate(pairs, "input", angles(FRAMES, shape.hidden)[:, :, None])
        return graph.one("Reshape", turned, self._sizes("flat", FRAMES, shape.hidden))

    def _product(self, x: str, name: str) -> str:
        return self._linear(self._graph, x, name, lambda: single(self._weights, name))

    def _normalised(self, x: str, name: str) -> str:
        scale, bias = (
            self._graph.constant(f"{name}.{part}", self._weights[f"{name}.{part}"].astype(self._linear.dtype))
            for part in ("weight", "bias")
        )
        return self._graph.one("LayerNormalization", x, scale, bias, axis=-1, epsilon=_EPSILON)

    def _sum(self, x: str, other: str) -> str:
        return self._graph.one("Add", x, other)

    def _sizes(self, name: str, *sizes: int) -> str:
        return self._graph.constant(f"{name}_sizes", np.array(sizes, np.int64))
