"""The plug-in of a trial: the text that travelled with its spec, and no other."""

from __future__ import annotations

from detectors.plugins import Plugin, register, registered
from detectors.zoo import zoo_names
from grid.refusal import Refused
from grid.trial.spec import TrialSpec


class OtherPlugin(RuntimeError):
    """The text of a plug-in is not the one that the fit is named by."""


class PluginNotTrusted(Refused):
    """A store holds the code of a plug-in, and nobody here has said that it may run."""


def require_trusted(spec: TrialSpec, *, trust_plugins: bool) -> None:
    """Refuse a spec that was read from a store when building its network would run unknown code.

    Whoever made the store wrote that code, and a bundle may come from anyone. It runs where its
    user says so, or where an experiment of theirs names the very same text.

    Raises:
        PluginNotTrusted: it may not run.
    """
    source = spec.get("plugin")
    if source is None or trust_plugins:
        return
    plugin = Plugin(spec["detector"], source)
    if registered().get(plugin.name) == plugin:
        return
    raise PluginNotTrusted.because(
        spec["fit_id"],
        f"its detector {plugin.name} is a plug-in, whose code the store brings along (sha256 "
        f"{plugin.sha256[:12]}, {len(source.splitlines())} lines in the fit's provenance.json), "
        "and building it runs that code with your rights",
        "Where you trust its authors, add --trust-plugins",
    )


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
