"""Experiments as Ray jobs: what travels, how one is submitted, followed, stopped, how it ended.

May import `grid`, `data` and the command's own words (`launch.submitted`, `launch.command_lines`).
Ray is imported by `job_client` and `log_following` alone, inside functions: `--dry-run`, `--help`
and the KubeRay manifest need none.
"""
