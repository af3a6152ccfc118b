import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.operations import Image, Kind, PipelineError, TooSmall, known, operation, parse
from data.randomness import stream

size = st.integers(1, 64)
probability = st.floats(0, 1)
filters = st.sampled_from(["nearest", "box", "bilinear", "bicubic", "lanczos"])
Calls = st.SearchStrategy[tuple[str, tuple[Any, ...], dict[str, Any]]]


def call(name: str, *positional: Any, **keywords: Any) -> Calls:
    """A strategy for calls: keywords may be left out."""
    return st.tuples(
        st.just(name), st.tuples(*positional), st.fixed_dictionaries({}, optional=keywords)
    )


CALLS: dict[Kind, Calls] = {
    "geometry": st.one_of(
        call("resize", size, size, filter=filters),
        call("resize", size, filter=filters),
        call("random_crop", size, step=st.integers(1, 9)),
        call("center_crop", size, step=st.integers(1, 9)),
        call("hflip", p=probability),
        call("vflip", p=probability),
        call(
            "random_resized_crop",
            size,
            scale=st.tuples(st.floats(0.01, 0.5), st.floats(0.5, 1)),
            ratio=st.tuples(st.floats(0.1, 1), st.floats(1, 10)),
            filter=filters | st.just("bilinear_or_bicubic"),
        ),
        call("trim", size),
        call("tile", size),
        call("reflect", size),
        call("upsample", size, filter=filters),
        call(
            "views",
            st.integers(1, 4),
            st.sampled_from(["resize(5, 4)", "hflip(p = 1) | random_crop(3)"]),
            augment=st.sampled_from(["none", "", "noise( (1,2) ) | rotate(9)"]),
        ),
    ),
    "augmentation": st.one_of(
        call("hflip", p=probability),
        call("rotate", st.floats(0, 180), outside=st.sampled_from(["reflect", "black", "crop"])),
        call("translate", st.floats(0, 0.5), p=probability, step=st.integers(1, 4)),
        call("noise", sigma=st.tuples(st.floats(0, 9), st.floats(9, 50))),
        call("colour_jitter", st.floats(0.1, 2), hue=st.floats(0, 0.5), p=probability),
        call("rand_augment", magnitude=st.integers(0, 30), num_ops=st.integers(1, 4)),
        call("rand_augment_timm", magnitude=st.floats(0, 10), num_ops=st.integers(1, 4)),
        call(
            "blur_jpeg",
            p=probability,
            sigma=st.tuples(st.floats(0, 1), st.floats(1, 3)),
            quality=st.tuples(st.integers(1, 50), st.integers(50, 100)),
        ),
    ),
    "degradation": st.one_of(
        call("jpeg", st.integers(1, 100), subsampling=st.sampled_from(["4:4:4", "4:2:0"])),
        call("blur", st.floats(0, 3) | st.integers(0, 3)),
        call("noise", st.floats(0, 255) | st.integers(0, 255)),
        call("webp", st.integers(1, 100)),
        call("crop", st.floats(0.01, 1) | st.just(1)),
        call("resize", size, filter=filters, back=st.booleans()),
        call("resize", factor=st.floats(0.01, 2), filter=filters, back=st.booleans()).filter(
            lambda c: "factor" in c[2]
        ),
    ),
}


@st.composite
def pipelines(draw: st.DrawFn) -> tuple[str, Kind]:
    """A valid text in any of the ways to write it, and its kind."""
    kind = draw(st.sampled_from(list(CALLS)))
    steps = []
    for name, positional, keywords in draw(st.lists(CALLS[kind], max_size=4)):
        parts = [repr(value) for value in positional]
        ordered = draw(st.permutations(list(keywords.items())))
        parts += [f"{key} = {value!r}" for key, value in ordered]
        gap = draw(st.sampled_from(["", " ", "  "]))
        inner = f"{gap},{gap}".join(parts)
        steps.append(f"{name}({gap}{inner})" if parts or draw(st.booleans()) else name)
    return draw(st.sampled_from(["|", " | "])).join(steps), kind


@given(pipelines())
@settings(deadline=None)  # the machine may be busy
def test_canonical_text_reads_back_as_the_same_pipeline(case: tuple[str, Kind]) -> None:
    text, kind = case
    pipeline = parse(text, kind)
    again = parse(pipeline.canonical, kind)
    assert again == pipeline
    assert hash(again) == hash(pipeline)
    assert again.canonical == pipeline.canonical
    restored = pickle.loads(pickle.dumps(pipeline))
    assert restored == pipeline
    assert restored.canonical == pipeline.canonical


@given(pipelines(), st.integers(1, 40), st.integers(1, 40), st.integers(0, 9))
@settings(deadline=None)  # the machine may be busy
def test_every_pipeline_keeps_the_contract_or_refuses(
    case: tuple[str, Kind], height: int, width: int, seed: int
) -> None:
    pipeline = parse(*case)
    image_HWC = stream("picture", seed).integers(0, 256, (height, width, 3), np.uint8)
    image_HWC.setflags(write=False)
    before = image_HWC.copy()
    try:
        expected = pipeline.result_size(height, width)
    except TooSmall:
        with pytest.raises(TooSmall):
            pipeline(image_HWC, stream(seed))
        return
    result = pipeline(image_HWC, stream(seed))
    assert result.shape == (*expected, 3)
    assert result.dtype == np.uint8
    assert result.flags.c_contiguous
    assert np.array_equal(result, pipeline(image_HWC, stream(seed)))
    assert np.array_equal(image_HWC, before)


@given(st.text(max_size=30), st.sampled_from(list(CALLS)))
@settings(deadline=None)  # the machine may be busy
@pytest.mark.filterwarnings("ignore")  # Python warns of "\d" and of "1if" before it refuses them
def test_any_text_is_read_or_refused(text: str, kind: Kind) -> None:
    try:
        pipeline = parse(text, kind)
    except PipelineError:
        return
    assert parse(pipeline.canonical, kind) == pipeline


@pytest.mark.parametrize(
    ("text", "kind", "canonical"),
    [
        ("", "geometry", "none"),
        (" none ", "degradation", "none"),
        ("hflip()", "augmentation", "hflip"),
        ("hflip(p=0.5)", "geometry", "hflip"),
        ("hflip(1)", "geometry", "hflip(p=1.0)"),
        ("random_crop(size_px=224,step=2)", "geometry", "random_crop(224, step=2)"),
        ("resize( 256, 256 )|center_crop(224)", "geometry", "resize(256,256) | center_crop(224)"),
        ("jpeg(75, '4:2:0')", "degradation", "jpeg(75)"),
        ("jpeg(75, '4:4:4')", "degradation", 'jpeg(75, subsampling="4:4:4")'),
        ("resize(112) | jpeg(75)", "degradation", "resize(112) | jpeg(75)"),
        ("blur(2)", "degradation", "blur(2.0)"),
        ("blur_jpeg(p=0.1, sigma=[0, 1])", "augmentation", "blur_jpeg(p=0.1, sigma=(0.0,1.0))"),
    ],
)
def test_there_is_one_way_to_write_a_pipeline(text: str, kind: Kind, canonical: str) -> None:
    assert parse(text, kind).canonical == canonical


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("jpg(75)", "degradation", "Did you mean jpeg"),
        ("blur_jpeg", "degradation", "not known as degradation but as augmentation"),
        ("jpeg", "degradation", "missing a required argument: 'quality'"),
        ("jpeg(75, 1, 2)", "degradation", "too many positional"),
        ("jpeg(0)", "degradation", "from 1 to 100"),
        ("jpeg(75.5)", "degradation", "must be a whole number"),
        ("jpeg(True)", "degradation", "must be a whole number"),
        ("jpeg(75, qualty=3)", "degradation", "unexpected keyword argument 'qualty'"),
        ("jpeg(75, '4:1:1')", "degradation", "not a choice"),
        ("jpeg(quality)", "degradation", "plain values"),
        ("jpeg(**{})", "degradation", "not part of the language"),
        ("blur(1e999)", "degradation", "finite"),
        ("blur(-1)", "degradation", "out of range"),
        ("resize(112, factor=0.5)", "degradation", "give either"),
        ("resize(1,2,3)", "geometry", "3 sizes were given"),
        ("random_crop(0)", "geometry", "out of range"),
        ("hflip(p=1.1)", "augmentation", "from 0 to 1"),
        ("blur_jpeg(quality=(90, 30))", "augmentation", "out of range"),
        ("blur_jpeg(sigma=3)", "augmentation", "tuple of 2"),
        ("none | hflip", "geometry", "stands alone"),
        ("hflip |", "geometry", "cannot be read"),
        ("hflip + hflip", "geometry", "not an operation"),
        ("__import__('os')", "geometry", "Unknown geometry"),
        ("a.b(1)", "geometry", "not an operation"),
        ("hflip|" * 1000 + "hflip", "geometry", "write fewer"),
        ("hflip\0", "geometry", "cannot be read"),
    ],
)
def test_mistakes_are_refused_when_the_text_is_read(text: str, kind: Kind, says: str) -> None:
    with pytest.raises(PipelineError, match=says.replace("(", r"\(")):
        parse(text, kind)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(PipelineError, match="Did you mean geometry"):
        parse("hflip", "geometri")  # type: ignore[arg-type]


def test_versions_name_the_operations_that_are_used() -> None:
    assert parse("resize(112) | jpeg(75)", "degradation").versions == {
        "degradation.resize": 1,
        "degradation.jpeg": 1,
    }
    assert parse("none", "degradation").versions == {}


def test_a_random_pipeline_wants_a_generator() -> None:
    image_HWC = np.zeros((8, 8, 3), np.uint8)
    assert parse("random_crop(4)", "geometry").is_random
    assert not parse("center_crop(4)", "geometry").is_random
    with pytest.raises(ValueError, match="given no generator"):
        parse("random_crop(4)", "geometry")(image_HWC)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 4), (1, 8, 8, 3)])
def test_images_that_are_not_rgb_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(TypeError, match="uint8 RGB"):
        parse("none", "geometry")(np.zeros(shape, np.uint8))


def test_the_empty_pipeline_copies_nothing() -> None:
    image_HWC = np.zeros((8, 8, 3), np.uint8)
    assert parse("none", "geometry")(image_HWC) is image_HWC


def test_a_new_operation_is_a_decorated_function() -> None:
    @operation("invert_for_this_test", kind="degradation", version=3)
    def invert(amount: int | None = None) -> Any:
        def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
            return 255 - image_HWC

        return apply

    pipeline = parse("invert_for_this_test(None)", "degradation")
    assert pipeline.canonical == "invert_for_this_test"
    assert pipeline.versions == {"degradation.invert_for_this_test": 3}
    assert pipeline(np.zeros((2, 2, 3), np.uint8)).min() == 255
    assert "invert_for_this_test" in known("degradation")
