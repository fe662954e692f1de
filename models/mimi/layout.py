"""The two key layouts of Mimi checkpoints, as functions of the sizes: Kyutai's own and that of transformers.

``NATIVE`` is what ``tokenizer-e351c8d8-checkpoint125.safetensors`` has: one fused ``in_proj_weight`` per attention, its
rows in the order of interleaved rotary positions. ``HF`` is what ``kyutai/mimi`` has: q, k and v apart, the rows of q
and k permuted to half-split rotary positions. Everything behind this file uses native names.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from models.mimi.dims import CODEBOOK_SIZE, MAX_CODEBOOKS, RATIOS, SEMANTIC, Dims

Shape: TypeAlias = tuple[int, ...]
Shapes: TypeAlias = dict[str, Shape]

IN_PROJ: Final = "self_attn.in_proj_weight"
QKV: Final = ("self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight")
"""What HF has in place of IN_PROJ."""

_HF_RENAMES: Final = (
    (r"^encoder\.model\.", "encoder.layers."),
    (r"^decoder\.model\.", "decoder.layers."),
    (r"\.conv\.conv\.(weight|bias)$", r".conv.\1"),
    (r"\.convtr\.convtr\.(weight|bias)$", r".conv.\1"),
    (r"^downsample\.conv\.conv\.", "downsample.conv."),
    (r"^upsample\.convtr\.conv\.", "upsample.conv."),
    (r"_transformer\.transformer\.", "_transformer."),
    (r"\.out_proj\.", ".o_proj."),
    (r"\.norm1\.", ".input_layernorm."),
    (r"\.norm2\.", ".post_attention_layernorm."),
    (r"\.linear1\.", ".mlp.fc1."),
    (r"\.linear2\.", ".mlp.fc2."),
    (r"\.layer_scale_1\.", ".self_attn_layer_scale."),
    (r"\.layer_scale_2\.", ".mlp_layer_scale."),
    (r"\.rvq_first\.", ".semantic_residual_vector_quantizer."),
    (r"\.rvq_rest\.", ".acoustic_residual_vector_quantizer."),
    (r"\.vq\.layers\.", ".layers."),
    (r"\._codebook\._initialized$", ".codebook.initialized"),
    (r"\._codebook\.cluster_usage$", ".codebook.cluster_usage"),
    (r"\._codebook\.embedding_sum$", ".codebook.embed_sum"),
)


def native_shapes(dims: Dims) -> Shapes:
    """Every key of the native layout with its shape."""
    return {
        **_encoder(dims),
        **_decoder(dims),
        **_transformer("encoder_transformer.transformer", dims),
        **_transformer("decoder_transformer.transformer", dims),
        **_quantizer("quantizer.rvq_first", SEMANTIC, dims),
        **_quantizer("quantizer.rvq_rest", MAX_CODEBOOKS - SEMANTIC, dims),
        "downsample.conv.conv.conv.weight": (dims.dimension, dims.dimension, 4),
        "upsample.convtr.convtr.convtr.weight": (dims.dimension, 1, 4),
    }


def hf_shapes(dims: Dims) -> Shapes:
    """Every key of the HF layout with its shape."""
    shapes: Shapes = {}
    for name, shape in native_shapes(dims).items():
        for renamed in hf_names(name):
            shapes[renamed] = (shape[0] // 3, shape[1]) if name.endswith(IN_PROJ) else shape
    return shapes


def hf_names(native: str) -> tuple[str, ...]:
    """What a native key is called in the HF layout: one name, or q, k and v of a fused projection."""
    name = native
    for pattern, replacement in _HF_RENAMES:
        name = re.sub(pattern, replacement, name)
    if name.endswith(IN_PROJ):
        return tuple(name.removesuffix(IN_PROJ) + part for part in QKV)
    return (name,)


def _conv(name: str, outputs: int, inputs: int, kernel: int) -> Shapes:
    return {f"{name}.conv.conv.weight": (outputs, inputs, kernel), f"{name}.conv.conv.bias": (outputs,)}


def _residual(name: str, width: int) -> Shapes:
    return _conv(f"{name}.block.1", width // 2, width, 3) | _conv(f"{name}.block.3", width, width // 2, 1)


def _encoder(dims: Dims) -> Shapes:
    width = dims.filters
    shapes = _conv("encoder.model.0", width, 1, 7)
    at = 1
    for ratio in RATIOS:
        shapes |= _residual(f"encoder.model.{at}", width)
        shapes |= _conv(f"encoder.model.{at + 2}", 2 * width, width, 2 * ratio)
        width, at = 2 * width, at + 3
    return shapes | _conv(f"encoder.model.{at + 1}", dims.dimension, width, 3)


def _decoder(dims: Dims) -> Shapes:
    width = dims.filters * 2 ** len(RATIOS)
    shapes = _conv("decoder.model.0", width, dims.dimension, 7)
    at = 2
    for ratio in reversed(RATIOS):
        name = f"decoder.model.{at}.convtr.convtr"
        shapes |= {f"{name}.weight": (width, width // 2, 2 * ratio), f"{name}.bias": (width // 2,)}
        shapes |= _residual(f"decoder.model.{at + 1}", width // 2)
        width, at = width // 2, at + 3
    return shapes | _conv(f"decoder.model.{at}", 1, width, 3)


def _transformer(name: str, dims: Dims) -> Shapes:
    d, shapes = dims.dimension, Shapes()
    for layer in (f"{name}.layers.{index}" for index in range(dims.layers)):
        shapes |= {
            f"{layer}.self_attn.out_proj.weight": (d, d),
            f"{layer}.{IN_PROJ}": (3 * d, d),
            **{f"{layer}.norm{i}.{part}": (d,) for i in (1, 2) for part in ("weight", "bias")},
            f"{layer}.linear1.weight": (dims.feedforward, d),
            f"{layer}.linear2.weight": (d, dims.feedforward),
            f"{layer}.layer_scale_1.scale": (d,),
            f"{layer}.layer_scale_2.scale": (d,),
        }
    return shapes


def _quantizer(name: str, codebooks: int, dims: Dims) -> Shapes:
    shapes: Shapes = {
        f"{name}.input_proj.weight": (dims.codebook_dim, dims.dimension, 1),
        f"{name}.output_proj.weight": (dims.dimension, dims.codebook_dim, 1),
    }
    for codebook in (f"{name}.vq.layers.{index}._codebook" for index in range(codebooks)):
        shapes |= {
            f"{codebook}._initialized": (1,),
            f"{codebook}.cluster_usage": (CODEBOOK_SIZE,),
            f"{codebook}.embedding_sum": (CODEBOOK_SIZE, dims.codebook_dim),
        }
    return shapes
