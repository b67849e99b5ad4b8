"""A clip of real pixels with no download: a camera panned across the photograph that Matplotlib
ships.
"""

import numpy as np
import numpy.typing as npt

from stsm_ref.errors import ArrayError, MissingExtraError


def photograph() -> npt.NDArray[np.uint8]:
    """Read Matplotlib's sample photograph of Grace Hopper, ``(600, 512, 3)``, RGB.

    Raises
    ------
    MissingExtraError
        If Matplotlib or its photograph is not installed.
    """
    try:
        from matplotlib import cbook, image
    except ModuleNotFoundError:
        raise MissingExtraError("a clip of real pixels", "matplotlib", "pictures") from None
    path = cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    return np.asarray(image.imread(str(path)), np.uint8)


def pan(
    image: npt.NDArray[np.uint8],
    *,
    frames: int,
    height: int,
    width: int,
    origin: tuple[int, int],
    velocity: tuple[int, int],
) -> npt.NDArray[np.uint8]:
    """Film `image` ``(rows, columns)`` through a window that moves by `velocity` = (down, right)
    pixels a frame.

    Parameters
    ----------
    image : ndarray
        ``(rows, columns)``, of one colour.
    frames : int
        How many.
    height, width : int
        Size of a frame, in pixels.
    origin : pair of int
        Row and column of the first frame.
    velocity : pair of int
        Rows and columns that the camera moves from frame to frame.

    Returns
    -------
    ndarray
        ``(T, H, W)``, uint8, memory of its own.

    Raises
    ------
    ArrayError
        If the window would leave the image.

    >>> pan(np.arange(6, dtype=np.uint8).reshape(1, 6), frames=3, height=1, width=2, origin=(0, 0), velocity=(0, 1))[:, 0]
    array([[0, 1],
           [1, 2],
           [2, 3]], dtype=uint8)
    """
    corners = np.array(origin) + np.arange(frames)[:, None] * np.array(velocity)
    if corners.min() < 0 or np.any(corners.max(axis=0) + np.array([height, width]) > image.shape):
        raise ArrayError(
            f"a window of {height}x{width} from origin={origin} leaves an image of {image.shape} "
            f"within frames={frames}"
        )
    return np.stack([image[row : row + height, column : column + width] for row, column in corners])


def panned_clip(
    *,
    frames: int = 4,
    channels: int = 16,
    height: int = 24,
    width: int = 20,
    velocity: tuple[int, int] = (0, 1),
) -> npt.NDArray[np.uint8]:
    """A clip ``(T, C, H, W)`` of the photograph: channel c is colour ``c % 3``, filmed
    ``8 * (c // 3)`` pixels lower down.

    Parameters
    ----------
    frames, channels, height, width : int
        The shape of the clip.
    velocity : pair of int
        Rows and columns that the camera moves from frame to frame.
    """
    colours = np.moveaxis(photograph(), -1, 0)
    films = [
        pan(
            colours[c % 3],
            frames=frames,
            height=height,
            width=width,
            origin=(60 + 8 * (c // 3), 200),
            velocity=velocity,
        )
        for c in range(channels)
    ]
    return np.stack(films, axis=1)
