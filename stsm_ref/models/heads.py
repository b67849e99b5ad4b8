r"""From feature maps to the scores of a clip: two heads, which differ in what they count, and the
average over views.

Both end in the same number where dropout is off: an average and a linear map can change places.
"""

from typing import Literal, get_args

from torch import Tensor, nn

from stsm_ref._validation import one_of
from stsm_ref.errors import ArrayError, ModelError
from stsm_ref.models.fold import unfold_clips

Head = Literal["tsm", "tsn"]
Average = Literal["scores", "probabilities"]


class TSNHead(nn.Module):
    """Pool over space, average over time, drop out, classify: one linear map a clip (Wang et al.,
    the paper's [2]).
    """

    init_std = 0.01

    def __init__(
        self, in_channels: int, num_classes: int, num_segments: int, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.num_segments = num_segments
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(in_channels, num_classes)
        nn.init.normal_(self.fc.weight, std=self.init_std)
        nn.init.zeros_(self.fc.bias)

    def forward(self, x: Tensor, num_segments: int | None = None) -> Tensor:
        """Map ``(N*T, C, H, W)`` to scores ``(N, num_classes)``, T being `num_segments` or what the
        head was built for.
        """
        x = self.pool(x).flatten(1)
        x = unfold_clips(x, num_segments or self.num_segments).mean(1)  # (N, C)
        y: Tensor = self.fc(self.dropout(x))
        return y


class TSMHead(TSNHead):
    """Pool over space, drop out, classify each frame, average over time: one linear map a frame
    (the caption of Fig. 2).
    """

    init_std = 0.001

    def forward(self, x: Tensor, num_segments: int | None = None) -> Tensor:
        """Map ``(N*T, C, H, W)`` to scores ``(N, num_classes)``, T being `num_segments` or what the
        head was built for.
        """
        x = self.pool(x).flatten(1)
        x = self.fc(self.dropout(x))
        return unfold_clips(x, num_segments or self.num_segments).mean(1)  # (N, num_classes)


HEADS: dict[str, type[TSNHead]] = {"tsm": TSMHead, "tsn": TSNHead}


def average_views(scores: Tensor, average: Average = "scores") -> Tensor:
    r"""Average the scores of a video's views, which are its clips times its crops (§4.2.2).

    Parameters
    ----------
    scores : Tensor
        ``(N, views, num_classes)``.
    average : {"scores", "probabilities"}
        Whether to average the scores as they are, or their softmax. The two can name different
        winners.

    Returns
    -------
    Tensor
        ``(N, num_classes)``; with ``"probabilities"`` each row sums to 1.

    Raises
    ------
    ArrayError
        If `scores` is not a tensor of floats of rank 3 with a view or more.
    ModelError
        If `average` is neither.

    >>> import torch
    >>> scores = torch.tensor([[[9.0, 0.0], [0.0, 3.0], [0.0, 3.0]]])   # one view is very sure, two are sure
    >>> average_views(scores, "scores").argmax().item(), average_views(scores, "probabilities").argmax().item()
    (0, 1)
    """
    if not isinstance(scores, Tensor):
        raise ArrayError(
            f"scores has type {type(scores).__name__}, which is not a tensor: give (N, views, "
            "num_classes)"
        )
    if scores.ndim != 3:
        raise ArrayError(
            f"scores has shape {tuple(scores.shape)}, rank {scores.ndim}: give (N, views, "
            "num_classes)"
        )
    if scores.shape[1] == 0:
        raise ArrayError(
            f"scores has shape {tuple(scores.shape)}, 0 views: nothing has no average, so give 1 "
            "view or more"
        )
    if not scores.is_floating_point():
        raise ArrayError(
            f"scores has dtype {scores.dtype}: an average needs floats, as in scores.float()"
        )
    one_of(
        "average",
        average,
        get_args(Average),
        error=ModelError,
        way_out="say what is averaged over views",
    )
    return (scores.softmax(-1) if average == "probabilities" else scores).mean(1)
