"""Which patch a test takes of an image, for whoever draws what a detector saw."""

from data.operation_registry import Image
from data.patches.choice import PatchChoice, choose_patch, drawn_corners
from data.pipelines import Operation
from data.view import stream_by_image


def choice_in_test(image_HWC: Image, image_id: str, step: Operation) -> PatchChoice:
    """The patches that `patch(...)` draws of an image in a test, and the one that it takes.

    Args:
        image_HWC: as it comes to the operation: after degradation and the geometry before.
        image_id: names the image; the draws are a function of it.
        step: the operation, the only `patch` of its view.
    """
    given = step.settings
    (height, width), size_px = image_HWC.shape[:2], given["size_px"]
    rng = stream_by_image(step, image_id)
    corners_N2 = drawn_corners(height, width, size_px, given["of"], rng)
    return choose_patch(image_HWC, corners_N2, size_px, given["choose"], given["directions"])
