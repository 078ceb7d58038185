"""Done, attested, stopped, turned into a call: how a witnessed action ends, and what its witnesses say (WA6, WA7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from presence.ids import CallId, MemberId
from rooms import record
from rooms import witness_commands as do
from rooms.refusals import Refusal
from rooms.witness import Ending, Medium, Turned, is_joined, may_attest, may_watch, present, streams, tells_on_call
from tests.rooms.witness_world import SERVER, TIMES, World, encode, gathering, live, planned, refusal

MINUTE = 60.0
BEN = MemberId("Ben")


def done(*names: str, **more: object) -> World:
    """Declared done 20 s after it went live, these people watching."""
    w = live(*names, **more).after(20)
    w.gets(*names)
    w.is_done()
    return w


def holds(w: World) -> bool:
    return record.check_text(w.file(), SERVER.fingerprint, encode, SERVER.verify) is None


# ---- WA6: the declared moment


def test_wa06_only_those_present_at_the_declared_moment_attest() -> None:
    w = live("Ben", "Cleo").after(6)
    w.gets("Ben")
    w.after(6)  # nothing has reached Cleo for 12 s
    w.is_done()
    w.gets("Cleo")
    w.watch("Ben")
    assert may_attest(w.action, BEN)
    for name in ("Cleo", "a stranger"):
        assert refusal(do.attest, w.action, MemberId(name), w.now, saw=True) is Refusal.NOT_PRESENT
    w.attests("Ben")
    assert w.ended is Ending.COMPLETED


def test_wa06_nobody_new_comes_in_after_it_is_done() -> None:
    w = done("Ben")
    assert refusal(w.joins, "Cleo") is Refusal.ACTION_OVER


def test_wa06_nobody_present_is_completed_unwitnessed_at_once() -> None:
    w = live("Ben").after(30)
    w.is_done()
    assert w.ended is Ending.UNWITNESSED
    assert w.facts[-2:] == ["declared_done", "unwitnessed"]
    assert w.fact("unwitnessed") == {"witnesses": 0}


def test_wa06_the_word_names_what_was_perceived_and_the_interval() -> None:
    w = live("Ben", "Cleo", "Dana")
    w.looks("Cleo", looking=False)
    w.says("It is in the sink.")
    w.joins("Emil")
    w.gets("Emil", medium=Medium.TEXT)
    w.steps_to(Medium.STILLS)
    w.joins("Finn")
    w.looks("Finn")
    w.gets("Finn", medium=Medium.STILLS)
    came = {name: w.witness(name).present_since for name in ("Ben", "Emil", "Finn")}
    w.after(5).is_done()
    moment = w.now
    w.after(9).attests("Ben", "Emil", "Finn")
    assert [(w.word(n).saw, w.word(n).perceived) for n in ("Ben", "Emil", "Finn")] == [
        (True, Medium.VIDEO),
        (True, Medium.TEXT),
        (True, Medium.STILLS),
    ]
    for name, since in came.items():
        assert (w.word(name).since, w.word(name).until, w.word(name).at) == (since, moment, w.now)
    assert w.fact("attested") == {
        "witness": 5, "saw": True, "perceived": "stills", "since": came["Finn"], "until": moment,
    }  # fmt: skip


def test_wa06_what_reached_them_before_they_were_gone_is_no_word_about_now() -> None:
    """Ben saw video, lost the line for a while, and came back to text: text is what he can attest for this interval."""
    w = live("Ben").after(30)
    w.says("It is in the sink.")
    w.gets("Ben", medium=Medium.TEXT)
    w.is_done()
    w.attests("Ben")
    assert w.word("Ben").perceived is Medium.TEXT


def test_wa06_no_page_perceives_better_than_what_is_sent() -> None:
    w = live(medium=Medium.PHOTO)
    w.watch("Ben")  # their page says video
    w.joins("Cleo")
    w.gets("Cleo", medium=Medium.VIDEO)  # and never chose to look
    w.cuts()
    w.joins("Dana")
    w.looks("Dana")
    w.gets("Dana", medium=Medium.PHOTO)  # and it was cut
    w.is_done()
    w.attests("Ben", "Cleo", "Dana")
    assert w.word("Ben").perceived is Medium.PHOTO
    for name in ("Cleo", "Dana"):
        assert (w.word(name).saw, w.word(name).perceived) == (False, None)


def test_wa06_the_best_of_what_reached_them_counts() -> None:
    w = live("Ben")
    w.gets("Ben", medium=Medium.STILLS)
    w.gets("Ben", medium=Medium.TEXT)
    w.is_done()
    w.attests("Ben")
    assert w.word("Ben").perceived is Medium.VIDEO


def test_wa06_nothing_is_perceived_before_it_is_live() -> None:
    w = gathering()
    w.watch("Ben")
    w.goes_live()
    w.is_done()
    w.attests("Ben")
    assert not w.word("Ben").saw
    assert w.ended is Ending.UNWITNESSED


def test_wa06_i_couldnt_see_is_a_valid_word() -> None:
    w = done("Ben", "Cleo")
    w.attests("Ben", saw=False)
    assert w.stage == "Attesting"
    assert w.fact("attested")["saw"] is False
    assert w.fact("attested")["perceived"] is None
    w.attests("Cleo", saw=False)
    assert w.ended is Ending.UNWITNESSED


def test_wa06_one_who_saw_is_enough_and_how_many_is_written() -> None:
    w = done("Ben", "Cleo", "Dana")
    w.attests("Ben", saw=False)
    w.attests("Cleo", "Dana")
    assert w.ended is Ending.COMPLETED
    assert w.fact("completed") == {"witnesses": 2}


def test_wa06_a_word_is_said_once_and_stands() -> None:
    w = done("Ben", "Cleo")
    w.attests("Ben", saw=False)
    w.attests("Ben", saw=True)
    assert not w.word("Ben").saw
    assert w.facts.count("attested") == 1
    w.after(120)
    w.attests("Ben")  # a retry after the end is no error
    assert refusal(do.attest, w.action, MemberId("Cleo"), w.now, saw=True) is Refusal.ACTION_OVER


def test_wa06_attesting_lasts_120_seconds() -> None:
    w = done("Ben", "Cleo")
    assert w.deadline() == 120
    w.after(119.999).attests("Ben")
    assert w.stage == "Attesting"
    assert w.after(0.001).ended is Ending.COMPLETED


def test_wa06_a_word_at_the_last_moment_is_too_late_though_no_timer_came() -> None:
    w = done("Ben")
    assert refusal(do.attest, w.action, BEN, w.now + TIMES.attest_ms, saw=True) is Refusal.ACTION_OVER


def test_wa06_who_lost_the_line_after_the_moment_may_still_say_their_word() -> None:
    w = done("Ben").after(60)
    assert present(w.action) == []
    w.attests("Ben")
    assert w.ended is Ending.COMPLETED


def test_wa06_nobody_waits_for_whoever_left_or_was_removed() -> None:
    w = done("Ben", "Cleo", "Dana")
    w.leaves("Ben")
    w.removes("Cleo")
    assert refusal(do.attest, w.action, MemberId("Cleo"), w.now, saw=True) is Refusal.NOT_PRESENT
    w.attests("Dana")
    assert w.ended is Ending.COMPLETED
    last = done("Ben")
    last.leaves("Ben")
    assert last.ended is Ending.UNWITNESSED


def test_wa06_it_is_done_once() -> None:
    w = done("Ben")
    before = w.action
    w.is_done()
    assert w.action == before
    assert refusal(do.declare_done, gathering().action, w.now, TIMES) is Refusal.NOT_ALLOWED


def test_wa06_stopping_while_they_attest_lets_what_was_said_stand() -> None:
    w = done("Ben", "Cleo")
    w.attests("Ben")
    w.stops()
    assert w.ended is Ending.COMPLETED
    w = done("Ben")
    w.stops()
    assert w.ended is Ending.UNWITNESSED


# ---- WA6: the record


def test_wa06_the_record_knows_witnesses_by_number_alone() -> None:
    w = done("Ben", "Cleo")
    w.is_with_them("Ben")
    w.attests("Ben", "Cleo")
    text = w.file()
    assert '"witness": 2' in text
    for name in ("Ben", "Cleo", "Ana", "Kitchen", "account", "group"):
        assert name not in text
    assert holds(w)


def test_wa06_the_record_of_every_ending_holds_and_ends_with_it() -> None:
    def expired(w: World) -> None:
        w.after(30 * MINUTE)

    def for_safety(w: World) -> None:
        w.ana(do.end_for_safety, w.now)

    for end, how in ((World.stops, Ending.STOPPED), (expired, Ending.EXPIRED), (for_safety, Ending.SAFETY)):
        w = live("Ben", "Cleo")
        w.says("it is poured out")
        end(w)
        assert w.ended is how
        assert w.facts[-1] == how.value
        assert holds(w)


def test_wa06_nothing_is_written_after_the_end_so_that_one_seal_covers_all() -> None:
    w = done("Ben", "Cleo")
    w.attests("Ben", "Cleo")
    before, first = w.entries[:], w.file()
    for act in (w.stops, w.look, lambda: w.removes("Ben"), lambda: w.leaves("Cleo"), lambda: w.reports("Cleo")):
        act()
    w.ana(do.member_lost, w.now)
    w.ana(do.end_for_safety, w.now)
    assert (w.entries, w.file()) == (before, first)


# ---- exits


def test_wa06_stopping_asks_for_no_reason_and_says_none() -> None:
    for w in (gathering(), live("Ben")):
        w.stops()
        assert w.ended is Ending.STOPPED
        assert w.fact("stopped") == {}
        w.stops()
        assert w.facts.count("stopped") == 1


def test_wa06_a_live_action_runs_out_after_thirty_minutes() -> None:
    w = live("Ben")
    assert w.deadline() == 30 * MINUTE
    w.after(30 * MINUTE - 1)
    assert w.stage == "Live"
    assert w.after(1).ended is Ending.EXPIRED


# ---- WA7


@pytest.mark.parametrize("by", [None, "Ben"])
def test_wa07_either_side_turns_it_into_a_call_in_one_tap(by: str | None) -> None:
    w = live("Ben")
    w.turns(by)
    assert isinstance(w.action.stage, Turned)
    assert w.action.stage.call == "call 1"
    assert w.fact("turned_into_call") == {"witness": None if by is None else 1}
    assert tells_on_call(w.action)
    first = w.action
    w.turns("Ben")  # the second tap finds the same call
    assert w.action == first


def test_wa07_pressed_again_after_that_call_ended_it_is_another_call() -> None:
    w = live("Ben")
    w.turns("Ben")
    began = w.action.stage
    w.after(60).ana(do.turn_into_call, CallId("call 2"), None, w.now)
    assert isinstance(began, Turned)
    assert w.action.stage == replace(began, call=CallId("call 2"))  # and its thirty minutes go on
    assert w.facts.count("turned_into_call") == 2


def test_wa07_from_every_stage_that_has_begun() -> None:
    for w in (gathering(), live("Ben"), done("Ben")):
        w.turns()
        assert w.stage == "Turned"
    over = live("Ben")
    over.stops()
    assert refusal(over.turns) is Refusal.ACTION_OVER


def test_wa07_the_stream_stays_up_for_its_witnesses() -> None:
    w = live("Ben")
    w.turns("Ben")
    assert streams(w.action)
    assert may_watch(w.action, BEN)
    w.after(6).gets("Ben")
    w.after(6)
    assert [p.name for p in present(w.action)] == ["Ben"]
    w.cuts()
    assert not streams(w.action)


def test_wa07_responders_do_not_see_it_unasked() -> None:
    """Someone who comes because of the call is not a witness, and cannot become one by then."""
    w = live("Ben", "Cleo")
    w.leaves("Cleo")
    w.turns()
    assert refusal(w.joins, "Vic") is Refusal.ACTION_OVER
    assert not may_watch(w.action, MemberId("Vic"))
    w.joins("Cleo")  # a witness before may come back
    assert is_joined(w.action, MemberId("Cleo"))


def test_wa07_a_turned_one_is_not_declared_done_and_ends_as_turned() -> None:
    w = live("Ben")
    w.turns()
    assert refusal(do.declare_done, w.action, w.now, TIMES) is Refusal.NOT_ALLOWED
    w.stops()
    assert w.ended is Ending.TURNED
    w = live("Ben")
    w.turns()
    assert w.deadline() == 30 * MINUTE
    assert w.after(30 * MINUTE).ended is Ending.TURNED
    assert holds(w)


def test_wa07_what_has_not_begun_is_no_call() -> None:
    w = planned(60)
    assert refusal(w.turns) is Refusal.NOT_ALLOWED


def test_wa07_on_call_ends_it_for_safety_without_a_reason_in_the_record() -> None:
    w = live("Ben")
    w.turns()
    w.ana(do.end_for_safety, w.now)
    assert w.ended is Ending.SAFETY
    assert w.fact("safety") == {}
    w.ana(do.end_for_safety, w.now)
    assert w.facts.count("safety") == 1
