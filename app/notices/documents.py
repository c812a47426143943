"""Who hears about results made in the background: whoever asked for them."""

from app.notices.core import link, notice, tell
from app.notices.readers import one_user


@notice(name="export_ready", to=lambda run, work: one_user(run.user_id, work))
def export_ready(run, work):
    """The file he asked for can be downloaded (NTF-09)."""
    return {"name": run.result_name or "", "link": link("runs", run.id)}


def tell_ready(run, work):
    """Tell whoever asked for it that the result of a background run is there."""
    return tell("export_ready", run, work, noun="run")
