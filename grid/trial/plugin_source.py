"""The plug-in of a trial: the text that travelled with its spec, and no other."""

from __future__ import annotations

from detectors.plugins import Plugin, register
from detectors.zoo import zoo_names
from grid.trial.spec import TrialSpec


class OtherPlugin(RuntimeError):
    """The text of a plug-in is not the one that the fit is named by."""


def use_plugin_of(spec: TrialSpec) -> None:
    """Make the detector of a trial known, where it is a plug-in.

    Raises:
        OtherPlugin: the text is not that of the fit's identity, or the zoo of the code that runs
            has a detector of this name.
    """
    named_by = spec["description"].get("plugin")
    source = spec.get("plugin")
    if named_by is None and source is None:
        return
    plugin = Plugin(spec["detector"], source or "")
    if plugin.sha256 != named_by:
        raise OtherPlugin(
            f"plug-in {plugin.name}: the text that came with the trial has the sha256 "
            f"{plugin.sha256[:12]}, the fit is named by {str(named_by)[:12]}. Run the experiment "
            "again with the file that the fit was planned with"
        )
    if plugin.name in zoo_names():
        raise OtherPlugin(
            f"plug-in {plugin.name}: this version of crossgen has a detector of that name. Give "
            "the plug-in another name, or run the version that the fit was planned with"
        )
    register(plugin)
