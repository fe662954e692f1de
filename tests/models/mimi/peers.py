"""The real peers with our random weights: moshi's and transformers' own Mimi, in any size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.mimi.dims import FRAME, MAX_CODEBOOKS, RATIOS, SAMPLE_RATE_HZ, Dims
from models.mimi.twin import write_hf

Sound = NDArray[np.float32]
Codes = NDArray[np.int64]


class Moshi:
    """moshi's MimiModel."""

    def __init__(self, weights: dict[str, torch.Tensor], dims: Dims, codebooks: int) -> None:
        """Skips the test where moshi is not installed."""
        pytest.importorskip("moshi", reason="moshi comes with ./setup.sh peers")
        from moshi.models import loaders  # noqa: PLC0415
        from moshi.models.compression import MimiModel  # noqa: PLC0415
        from moshi.modules import SEANetDecoder, SEANetEncoder, transformer  # noqa: PLC0415
        from moshi.quantization import SplitResidualVectorQuantizer  # noqa: PLC0415

        seanet = loaders._seanet_kwargs | {"dimension": dims.dimension, "n_filters": dims.filters}
        attention = loaders._transformer_kwargs | {
            "d_model": dims.dimension,
            "num_heads": dims.heads,
            "num_layers": dims.layers,
            "context": dims.context,
            "dim_feedforward": dims.feedforward,
            "input_dimension": dims.dimension,
            "output_dimensions": [dims.dimension],
        }
        quantizer = loaders._quantizer_kwargs | {
            "dimension": dims.codebook_dim,
            "input_dimension": dims.dimension,
            "output_dimension": dims.dimension,
        }
        self.model: Any = MimiModel(
            SEANetEncoder(**seanet),
            SEANetDecoder(**seanet),
            SplitResidualVectorQuantizer(**quantizer),
            channels=1,
            sample_rate=SAMPLE_RATE_HZ,
            frame_rate=SAMPLE_RATE_HZ / FRAME,
            encoder_frame_rate=SAMPLE_RATE_HZ / np.prod(RATIOS),
            causal=True,
            resample_method="conv",
            encoder_transformer=transformer.ProjectedTransformer(device="cpu", **attention),
            decoder_transformer=transformer.ProjectedTransformer(device="cpu", **attention),
        ).eval()
        # Its loading pops keys and renames them.
        self.model.load_state_dict(dict(weights), strict=True)
        self.model.set_num_codebooks(codebooks)

    @torch.no_grad()
    def encode(self, sound: Sound) -> Codes:
        """Offline: codes [frames, codebooks]."""
        return np.asarray(self.model.encode(torch.from_numpy(sound)[None, None])[0].T.numpy())

    @torch.no_grad()
    def decode(self, codes: Codes) -> Sound:
        """Offline: sound [frames x 1920]."""
        return np.asarray(self.model.decode(torch.from_numpy(codes.T.copy())[None])[0, 0].numpy())

    @torch.no_grad()
    def encode_streaming(self, sound: Sound) -> Codes:
        """Frame by frame, with its own state."""
        with self.model.streaming(1):
            rows = [self.model.encode(frame[None, None]) for frame in torch.from_numpy(sound).reshape(-1, FRAME)]
        return np.stack([row[0, :, 0].numpy() for row in rows])


class Transformers:
    """transformers' MimiModel, which reads our HF file with its own loader."""

    def __init__(self, weights: dict[str, torch.Tensor], dims: Dims, folder: Path) -> None:
        """Skips the test where transformers is not installed."""
        transformers = pytest.importorskip("transformers", reason="transformers comes with ./setup.sh peers")
        folder.mkdir()
        config = transformers.MimiConfig(
            hidden_size=dims.dimension,
            num_filters=dims.filters,
            codebook_dim=dims.codebook_dim,
            vector_quantization_hidden_dimension=dims.codebook_dim,
            num_quantizers=MAX_CODEBOOKS,
            upsample_groups=dims.dimension,
            num_hidden_layers=dims.layers,
            intermediate_size=dims.feedforward,
            num_attention_heads=dims.heads,
            num_key_value_heads=dims.heads,
            head_dim=dims.head_dim,
            sliding_window=dims.context,
        )
        config.save_pretrained(folder)
        write_hf(weights, dims, folder / "model.safetensors")
        self.model, self.loading = transformers.MimiModel.from_pretrained(folder, output_loading_info=True)
        self.model.eval()

    @torch.no_grad()
    def encode(self, sound: Sound, codebooks: int) -> Codes:
        """Offline: codes [frames, codebooks]."""
        codes = self.model.encode(torch.from_numpy(sound)[None, None], num_quantizers=codebooks).audio_codes
        return np.asarray(codes[0].T.numpy())

    @torch.no_grad()
    def decode(self, codes: Codes) -> Sound:
        """Offline: sound [frames x 1920]."""
        return np.asarray(self.model.decode(torch.from_numpy(codes.T.copy())[None]).audio_values[0, 0].numpy())
