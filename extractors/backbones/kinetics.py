"""The networks with weights trained on Kinetics-400, by name.

The values for torchvision are from its weight enums and training recipes, in which 7.5
and 15 frames per second are every fourth and every second frame. The values for
pytorchvideo are from its hub and its model zoo ("frame length x sample rate"), and the
sizes from PySlowFast's configurations for a single crop in the middle.
"""

from functools import partial
from typing import Any

from extractors.backbones.backbone import Backbone, ChannelValues

TORCHVISION_FOLDER = "https://download.pytorch.org/models"
PYTORCHVIDEO_FOLDER = "https://dl.fbaipublicfiles.com/pytorchvideo/model_zoo/kinetics"

# The sha256 of files, where independent users of them list the same. Torchvision gives
# the first eight digits of all its files, and pytorchvideo gives none.
SHA256 = {
    "mvit_v2_s-ae3be167.pth": (
        "ae3be16733081f6d1cd40e4ab980ca23d6df6dc6486d15ada05a5e8ab8c9b975"
    ),
    "swin3d_t-7615ae03.pth": (
        "7615ae035996b65eb38dad437ae533d2dfcd36f9f89d28c0f0fa7bfb8e6b3130"
    ),
    "r3d_18-b3b3357e.pth": (
        "b3b3357ead25631ec9c57362ff2128a92d0427e01e2cd184951a44380c3f2e9d"
    ),
    "mc3_18-a90a0ba3.pth": (
        "a90a0ba35ca1242d15b77511ff28bfb29cc596988b5ea36081042f8e2f54212b"
    ),
    "r2plus1d_18-91a641e6.pth": (
        "91a641e6c2ab531d1aca5f4321b4d802ec5c3babc15df855cdb6e39c6a1107c8"
    ),
    "SLOWFAST_8x8_R50.pyth": (
        "454f39e1c1f985df2bee2aa27887ed53ff56e74ed8b8cca11203a1a1264d7cc2"
    ),
    "X3D_S.pyth": "26b95f1605d49650b54049db40ba3a56e023b86b58c3b3e0e10e0992a9c8682f",
}

# Mean and standard deviation of the pixel values.
EQUAL: tuple[ChannelValues, ChannelValues] = ((0.45, 0.45, 0.45), (0.225, 0.225, 0.225))
IMAGENET: tuple[ChannelValues, ChannelValues] = (
    (0.485, 0.456, 0.406),
    (0.229, 0.224, 0.225),
)
KINETICS: tuple[ChannelValues, ChannelValues] = (
    (0.43216, 0.394666, 0.37645),
    (0.22803, 0.22145, 0.216989),
)


def _build(library: str, name: str) -> Any:
    # PyTorch takes seconds to import
    from extractors.backbones.libraries import BUILDERS

    return BUILDERS[library](name)


def _torchvision(
    name: str,
    file_stem: str,
    *,
    clip: tuple[int, int],
    resize: int | tuple[int, int],
    crop: int,
    colours: tuple[ChannelValues, ChannelValues],
    width: int,
    head: str,
) -> Backbone:
    """Return a row of the table; the stem ends in the first digits of the sha256."""
    filename = f"{file_stem}.pth"
    return Backbone(
        name=name,
        url=f"{TORCHVISION_FOLDER}/{filename}",
        hash_prefix=SHA256.get(filename, file_stem.rpartition("-")[2]),
        build=partial(_build, "torchvision", name),
        head=(head,),
        clip_frames=clip[0],
        step_frames=clip[1],
        resize_pixels=resize,
        crop_pixels=crop,
        mean=colours[0],
        std=colours[1],
        width=width,
    )


_mvit = partial(
    _torchvision,
    clip=(16, 4),
    resize=256,
    crop=224,
    colours=EQUAL,
    width=768,
    head="head",
)
_swin = partial(
    _torchvision, clip=(32, 2), resize=256, crop=224, colours=IMAGENET, head="head"
)
_resnet_18 = partial(
    _torchvision,
    clip=(16, 2),
    resize=(128, 171),
    crop=112,
    colours=KINETICS,
    width=512,
    head="fc",
)
_s3d = partial(
    _torchvision,
    clip=(64, 2),  # as in its training; it was validated on clips of 128 frames
    resize=(256, 256),
    crop=224,
    colours=KINETICS,
    width=1024,
    head="classifier",
)


def _pytorchvideo(
    name: str,
    filename: str,
    *,
    clip: tuple[int, int],
    head_block: int,
    resize: int = 256,
    crop: int = 224,
    width: int = 2048,
    library: str = "pytorchvideo",
) -> Backbone:
    """Return a row of the table."""
    return Backbone(
        name=name,
        url=f"{PYTORCHVIDEO_FOLDER}/{filename}",
        hash_prefix=SHA256.get(filename, ""),
        build=partial(_build, library, name),
        head=(f"blocks.{head_block}.proj",),
        clip_frames=clip[0],
        step_frames=clip[1],
        resize_pixels=resize,
        crop_pixels=crop,
        mean=EQUAL[0],
        std=EQUAL[1],
        width=width,
    )


_NETWORKS = (
    _mvit("mvit_v1_b", "mvit_v1_b-dbeb1030"),
    _mvit("mvit_v2_s", "mvit_v2_s-ae3be167"),
    _swin("swin3d_t", "swin3d_t-7615ae03", width=768),
    _swin("swin3d_s", "swin3d_s-da41c237", width=768),
    _swin("swin3d_b", "swin3d_b_1k-24f7c7c6", width=1024),
    _resnet_18("r3d_18", "r3d_18-b3b3357e"),
    _resnet_18("mc3_18", "mc3_18-a90a0ba3"),
    _resnet_18("r2plus1d_18", "r2plus1d_18-91a641e6"),
    _s3d("s3d", "s3d-d76dad2f"),
    _pytorchvideo("slow_r50", "SLOW_8x8_R50.pyth", clip=(8, 8), head_block=5),
    _pytorchvideo("i3d_r50", "I3D_8x8_R50.pyth", clip=(8, 8), head_block=6),
    _pytorchvideo(
        "slowfast_r50",
        "SLOWFAST_8x8_R50.pyth",
        clip=(32, 2),  # of the fast pathway; every fourth frame of it makes 8x8
        head_block=6,
        width=2304,  # 2048 from the slow pathway, 256 from the fast one
        library="slowfast",
    ),
    _pytorchvideo(
        "x3d_s", "X3D_S.pyth", clip=(13, 6), head_block=5, resize=182, crop=160
    ),
    _pytorchvideo("x3d_m", "X3D_M.pyth", clip=(16, 5), head_block=5),
)

BACKBONES: dict[str, Backbone] = {backbone.name: backbone for backbone in _NETWORKS}
