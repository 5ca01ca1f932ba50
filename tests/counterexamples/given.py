"""Counter-examples to the checks of `conformance.checks.test_given`."""

from __future__ import annotations

from tests.kit.edits import Edit, counterexample


@counterexample("given.variables", "the ConfigMap's value is missing")
def no_value(edit: Edit) -> None:
    edit.rename_line("sidecar", "VALUES plain blue map-letter", "VALUES plain blue")


@counterexample("given.variables", "what comes from all keys wins over the sidecar's own value")
def overridden(edit: Edit) -> None:
    edit.rename_line("sidecar", "ALL map-letter own-word", "ALL map-letter map-word")


@counterexample("given.variables", "a missing key is an empty value")
def empty_value(edit: Edit) -> None:
    edit.rename_line("sidecar", "OPTIONAL unset unset", "OPTIONAL unset")


@counterexample("given.variables", "the app is given the sidecar's variables")
def spread(edit: Edit) -> None:
    edit.rename_line("app", "HOST given-name unset", "HOST given-name plain")


@counterexample("given.expansions", "arguments are taken as they are")
def unexpanded(edit: Edit) -> None:
    whole = "plain+map-letter+secret-letter+$(NOTHING)+$(PLAIN)"
    edit.rename_line("sidecar", f"EXPANDED {whole} {whole}", f"EXPANDED {whole} $(EXPANDED)")


@counterexample("given.resources", "a variable of another container's resources is not set")
def no_resource(edit: Edit) -> None:
    edit.rename_line("sidecar", "RESOURCES 5 48", "RESOURCES 5")


@counterexample("given.resources", "the file is about the node's memory")
def other_resource(edit: Edit) -> None:
    edit.rename_line("sidecar", "FILES pod blue 32", "FILES pod blue 7951")


@counterexample("given.files", "the mode of an item is left out")
def no_mode(edit: Edit) -> None:
    edit.rename_line(
        "sidecar",
        "FILES secret secret-letter secret-word 444 644",
        "FILES secret secret-letter secret-word 444 444",
    )


@counterexample("given.files", "items of the ConfigMap are not there")
def no_files(edit: Edit) -> None:
    edit.rename_line("sidecar", "FILES map map-letter map-word", "FILES map")


@counterexample("given.files", "a volume of what is missing is not empty")
def something(edit: Edit) -> None:
    edit.rename_line("sidecar", "NONE map", "NONE map word")


@counterexample("given.projected", "one of the sources is not there")
def no_source(edit: Edit) -> None:
    edit.rename_line("sidecar", "FILES all map-word secret-word", "FILES all map-word")


@counterexample("given.projected", "the modes of items are left out")
def usual_modes(edit: Edit) -> None:
    edit.rename_line("sidecar", "MODES all 644 644", "MODES all 444 444")


@counterexample("given.projected", "the token is that of the API server")
def usual_token(edit: Edit) -> None:
    edit.drop_line("sidecar", "TOKEN given")


@counterexample("given.memory", "the volume is a folder of the node")
def on_disk(edit: Edit) -> None:
    edit.rename_line("sidecar", "MEMORY tmpfs", "MEMORY overlay")


@counterexample("given.memory", "the limit of its size is left out")
def unlimited(edit: Edit) -> None:
    edit.rename_line("sidecar", "MEMORY tmpfs 8192", "MEMORY tmpfs 32768")


@counterexample("given.read-only", "the sidecar can write")
def writable(edit: Edit) -> None:
    edit.rename_line("sidecar", "READ-ONLY", "WRITABLE")


@counterexample("given.read-only", "the app cannot write")
def read_only_for_all(edit: Edit) -> None:
    edit.rename_line("app", "WRITABLE", "READ-ONLY")


@counterexample("given.names", "the sidecar has the pod's own name")
def own_name(edit: Edit) -> None:
    edit.rename_line("sidecar", "HOST given-name", "HOST given")


@counterexample("given.names", "the sidecar does not know the alias")
def no_alias(edit: Edit) -> None:
    edit.drop_line("sidecar", "ALIAS")


@counterexample("given.names", "the sidecar asks the cluster's resolver")
def usual_resolver(edit: Edit) -> None:
    edit.drop_line("sidecar", "RESOLVER nameserver 192.0.2.53")


@counterexample("given.folder", "the sidecar starts in the image's folder")
def usual_folder(edit: Edit) -> None:
    edit.rename_line("sidecar", "FOLDER /shared", "FOLDER /")


@counterexample("given.folder", "the app starts in the sidecar's folder")
def folder_of_all(edit: Edit) -> None:
    edit.rename_line("app", "HOST given-name unset /", "HOST given-name unset /shared")


@counterexample("given.terminal", "the sidecar has no terminal")
def no_terminal(edit: Edit) -> None:
    edit.rename_line("terminal", "TERMINAL", "NONE")


@counterexample("given.terminal", "the app has one as well")
def terminal_of_all(edit: Edit) -> None:
    edit.rename_line("app", "NONE", "TERMINAL")


@counterexample("given.env-file", "a restarted sidecar is given what the file said at first")
def stale_file(edit: Edit) -> None:
    edit.rename_line("reader", "GIVEN second letter +second", "GIVEN first letter +first")


@counterexample("given.env-file", "a key that is not named is given as well")
def whole_file(edit: Edit) -> None:
    edit.rename_line(
        "reader", "GIVEN first letter +first letter+ unset unset", "GIVEN first +first+ unset no"
    )


@counterexample("given.env-file", "the app is given what is the sidecar's")
def spread_file(edit: Edit) -> None:
    edit.rename_line("app", "GIVEN unset", "GIVEN first letter")


@counterexample("given.image-volume", "the image can be written to")
def writable_image(edit: Edit) -> None:
    edit.rename_line("sidecar", "READ-ONLY", "WRITABLE")


@counterexample("given.image-volume", "the volume is empty")
def empty_image(edit: Edit) -> None:
    edit.rename_line("sidecar", "FOUND", "NOTHING")


@counterexample("given.image-volume", "every container has the volume")
def spread_image(edit: Edit) -> None:
    edit.rename_line("app", "NOTHING", "FOUND")
