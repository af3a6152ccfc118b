"""A log that is read in pieces, from its beginning again and again, is written once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from launch.ray_job.log_following import FollowedLog


@settings(max_examples=50)
@given(st.text(max_size=60), st.lists(st.integers(0, 60), max_size=4), st.data())
def test_every_character_is_written_once_however_often_the_connection_breaks(text, breaks, data):
    written = []
    log = FollowedLog(written.append)
    for reaches in [*breaks, len(text)]:  # each connection begins anew and reaches so far
        begins = 0
        while begins < min(reaches, len(text)):
            size = data.draw(st.integers(5, 30))
            piece = text[begins : min(begins + size, reaches)]
            log.take(piece, begins)
            begins += len(piece)
    again = []
    FollowedLog(again.append).take(text, 0)
    assert "".join(written) == "".join(again)
    assert log.end == text


def test_the_end_alone_is_kept():
    log = FollowedLog(lambda _: None)
    for number in range(3):
        log.take(str(number) * log.KEPT, number * log.KEPT)
    assert log.end == "2" * log.KEPT


def test_what_would_command_a_terminal_is_shown():
    written = []
    FollowedLog(written.append).take("a\x1b[2Jb\n", 0)
    assert written == ["a\\x1b[2Jb\n"]
