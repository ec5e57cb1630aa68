"""Which public methods the published clients have, and which of them a test called and checked."""

import functools
import inspect

# Methods that are no matter of the toolbox, with the place that has them.
ELSEWHERE = {
    "sandbox": {
        "the life cycle: sync_client.py and async_client.py": "start stop delete refresh_data set_labels "
        "wait_for_sandbox_start wait_for_sandbox_stop set_autostop_interval set_auto_archive_interval "
        "set_auto_delete_interval refresh_activity",
        "the life cycle beyond start and stop, not the toolbox": "recover archive resize wait_for_resize_complete fork "
        "create_snapshot pause set_auto_pause_interval set_ttl set_public",
        "settings outside the sandbox": "update_network_settings update_secrets",
        "access from outside, not by the toolbox": "create_signed_preview_url expire_signed_preview_url "
        "create_ssh_access revoke_ssh_access validate_ssh_access",
        "history kept outside the sandbox": "get_metrics",
    },
}


def checks(*methods):
    """Marks a test: once it has passed, these methods count as called with their result checked.

    The test fails when it did not call one of them.
    """

    def decorate(test):
        @functools.wraps(test)
        def run(case):
            calls = case.client.calls
            calls.clear()
            test(case)
            case.assertEqual(set(), set(methods) - calls, "declared as checked, but never called")
            case.client.checked.update(methods)

        return run

    return decorate


def public_methods(classes):
    """`{"fs.find_files", …}` of `{"fs": FileSystem, …}`; what starts with an underscore is private.

    What belongs to the generated data model of a class, such as `to_json`, makes no request.
    """
    return {
        f"{name}.{attribute}"
        for name, kind in classes.items()
        for base in kind.__mro__
        if base.__module__.startswith("daytona.")
        for attribute, value in vars(base).items()
        if inspect.isroutine(value) and not attribute.startswith(("_", "model_"))
    }


def exceptions():
    return {
        f"{name}.{method}": reason
        for name, reasons in ELSEWHERE.items()
        for reason, methods in reasons.items()
        for method in methods.split()
    }
