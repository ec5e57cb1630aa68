"""Git, against a server inside the sandbox that asks for a password."""

import itertools

from daytona import (
    DaytonaConflictError,
    DaytonaError,
    DaytonaNotFoundError,
)
from daytona.common.errors import (
    DaytonaGitAuthFailedError,
    DaytonaGitBranchExistsError,
    DaytonaGitPushRejectedError,
    DaytonaGitRemoteRejectedError,
    DaytonaGitRepoNotFoundError,
    DaytonaGitTransportFailedError,
)

from .case import ToolboxCase
from .coverage import checks
from .git_server import PASSWORD, USER, GitServer

NUMBERS = itertools.count()


class GitCase(ToolboxCase):
    def setUp(self):
        if not hasattr(self.client, "git_server"):
            self.client.git_server = GitServer(self)
        self.server = self.client.git_server
        self.path = f"repositories/{next(NUMBERS)}"

    def clone(self, path=None, **keywords):
        self.git.clone(self.server.url, path or self.path, username=USER, password=PASSWORD, **keywords)

    def in_repository(self, command):
        return self.shell(f"cd {self.path} && {command}")

    def commit(self, message="change", **keywords):
        return self.git.commit(self.path, message, "Ada Ü", "ada@example.com", **keywords).sha

    def states(self):
        return {one.name: (one.staging.value, one.worktree.value) for one in self.git.status(self.path).file_status}


class Clone(GitCase):
    @checks("git.clone")
    def test_clone(self):
        self.clone()
        self.assertEqual("one\ntwo\n", self.in_repository("cat one.txt two.txt"))
        self.clone(f"{self.path}-side", branch="side")
        self.assertEqual("side", self.git.status(f"{self.path}-side").current_branch)
        self.clone(f"{self.path}-first", commit_id=self.server.first)
        self.assertEqual(self.server.first, self.shell(f"git -C {self.path}-first rev-parse HEAD").strip())
        self.clone(f"{self.path}-shallow", depth=1)
        self.assertEqual("1\n", self.shell(f"git -C {self.path}-shallow rev-list --count HEAD"))
        with self.assertRaises(DaytonaConflictError):
            self.clone()

    def test_credentials_stay_out_of_the_repository(self):
        self.clone()
        self.shell(f"! grep -rqF '{PASSWORD}' {self.path}/.git")
        self.shell(f"! test -e ~/.gitconfig || ! grep -qF '{PASSWORD}' ~/.gitconfig")
        self.assertEqual(self.server.url, self.in_repository("git remote get-url origin").strip())

    def test_failures_are_typed(self):
        server = self.server
        with self.assertRaises(DaytonaGitAuthFailedError):
            self.git.clone(server.url, self.path, username=USER, password="wrong")
        with self.assertRaises(DaytonaGitAuthFailedError):
            self.git.clone(server.url, self.path)
        with self.assertRaises(DaytonaGitRepoNotFoundError):
            self.git.clone(f"{server.base}/absent.git", self.path, username=USER, password=PASSWORD)
        with self.assertRaises(DaytonaGitTransportFailedError):
            self.git.clone("http://127.0.0.1:1/team/project.git", self.path)
        with self.assertRaises(DaytonaNotFoundError):
            self.clone(branch="no-such-branch")
        self.shell(f"! test -e {self.path}")
        self.clone()


class Work(GitCase):
    @checks("git.status", "git.add", "git.commit")
    def test_from_change_to_commit(self):
        self.clone()
        status = self.git.status(self.path)
        self.assertEqual(("main", [], False), (status.current_branch, status.file_status, status.detached))
        self.assertEqual((True, "origin/main", 0, 0), (status.branch_published, status.upstream, status.ahead, status.behind))
        self.in_repository("echo more >>one.txt; rm two.txt; echo neu >'neu ü.txt'")
        self.assertEqual(
            {
                "one.txt": ("Unmodified", "Modified"),
                "two.txt": ("Unmodified", "Deleted"),
                "neu ü.txt": ("Untracked", "Untracked"),
            },
            self.states(),
        )
        self.git.add(self.path, ["one.txt", "neu ü.txt"])
        self.assertEqual(("Modified", "Unmodified"), self.states()["one.txt"])
        self.assertEqual(("Added", "Unmodified"), self.states()["neu ü.txt"])
        self.git.add(self.path, ["."])
        sha = self.commit("three changes")
        logged = self.in_repository("git log -1 --format='%H %cn %ae %s'").strip()
        self.assertEqual(f"{sha} Ada Ü ada@example.com three changes", logged)
        self.assertEqual(({}, 1), (self.states(), self.git.status(self.path).ahead))
        with self.assertRaises(DaytonaError):
            self.commit("nothing")
        self.assertNotEqual(sha, self.commit("empty", allow_empty=True))

    @checks("git.create_branch", "git.branches", "git.checkout_branch", "git.delete_branch")
    def test_branches(self):
        self.clone()
        self.git.create_branch(self.path, "feature/x")
        self.assertEqual("feature/x", self.git.status(self.path).current_branch)
        listed = self.git.branches(self.path)
        self.assertEqual((["feature/x", "main"], "feature/x"), (sorted(listed.branches), listed.current))
        with self.assertRaises(DaytonaGitBranchExistsError):
            self.git.create_branch(self.path, "main")
        self.in_repository("echo unmerged >new.txt")
        self.git.add(self.path, ["new.txt"])
        self.commit()
        self.git.checkout_branch(self.path, "main")
        self.assertEqual("main", self.git.status(self.path).current_branch)
        self.git.delete_branch(self.path, "feature/x")
        self.assertEqual(["main"], self.git.branches(self.path).branches)
        self.git.checkout_branch(self.path, self.server.first)
        self.assertTrue(self.git.status(self.path).detached)
        with self.assertRaises(DaytonaNotFoundError):
            self.git.checkout_branch(self.path, "absent")

    @checks("git.init")
    def test_init(self):
        self.git.init(self.path, initial_branch="trunk")
        self.in_repository("echo 1 >1")
        self.git.add(self.path, ["1"])
        self.commit()
        self.assertEqual(["trunk"], self.git.branches(self.path).branches)
        self.git.init(f"{self.path}-bare", bare=True)
        self.assertEqual("true\n", self.shell(f"git -C {self.path}-bare rev-parse --is-bare-repository"))

    @checks("git.reset", "git.restore")
    def test_reset_and_restore(self):
        self.clone()
        self.in_repository("echo changed >one.txt; echo changed >two.txt")
        self.git.add(self.path, ["."])
        self.git.reset(self.path, files=["one.txt"])
        self.assertEqual({"one.txt": ("Unmodified", "Modified"), "two.txt": ("Modified", "Unmodified")}, self.states())
        self.git.restore(self.path, ["one.txt"], worktree=True)
        self.git.restore(self.path, ["two.txt"], staged=True, worktree=True)
        self.assertEqual("one\ntwo\n", self.in_repository("cat one.txt two.txt"))
        self.git.restore(self.path, ["one.txt"], worktree=True, source=self.server.first)
        self.in_repository("echo dirty >one.txt")
        self.git.reset(self.path, mode="hard", target=self.server.first)
        after = self.in_repository("git rev-parse HEAD; cat one.txt; ! test -e two.txt")
        self.assertEqual(f"{self.server.first}\none\n", after)


class Exchange(GitCase):
    @checks("git.push", "git.pull")
    def test_push_and_pull(self):
        branch = f"exchange-{'async' if self.client.asynchronous else 'sync'}"
        self.clone()
        other = f"{self.path}-other"
        self.git.create_branch(self.path, branch)
        self.in_repository(f"echo pushed >{branch}.txt")
        self.git.add(self.path, ["."])
        sha = self.commit("pushed")
        with self.assertRaises(DaytonaGitAuthFailedError):
            self.git.push(self.path, USER, "wrong")
        self.git.push(self.path, USER, PASSWORD, branch=branch, remote="origin", set_upstream=True)
        self.assertEqual(sha, self.shell(f"git -C /tmp/git-root/team/project.git rev-parse {branch}").strip())
        self.assertEqual(f"origin/{branch}", self.git.status(self.path).upstream)
        self.clone(other, branch=branch)
        self.in_repository("echo more >more.txt")
        self.git.add(self.path, ["."])
        newer = self.commit("more")
        self.git.push(self.path, USER, PASSWORD)
        self.git.pull(other, USER, PASSWORD)
        self.assertEqual(newer, self.shell(f"git -C {other} rev-parse HEAD").strip())
        self.git.pull(other, USER, PASSWORD, branch=branch, remote="origin")
        self.in_repository("git -c user.name=a -c user.email=b commit -q --amend -m rewritten")
        with self.assertRaises(DaytonaGitPushRejectedError):
            self.git.push(self.path, USER, PASSWORD)

    def test_a_hook_that_refuses(self):
        self.git.clone(f"{self.server.base}/refused.git", self.path, username=USER, password=PASSWORD)
        self.commit("refused", allow_empty=True)
        with self.assertRaises(DaytonaGitRemoteRejectedError):
            self.git.push(self.path, USER, PASSWORD)

    @checks("git.remote_add", "git.remotes", "git.remote_get")
    def test_remotes(self):
        self.clone()
        self.git.remote_add(self.path, "mirror", "http://127.0.0.1:1/x.git")
        with self.assertRaises(DaytonaConflictError):
            self.git.remote_add(self.path, "mirror", self.server.url)
        self.git.remote_add(self.path, "mirror", self.server.url, overwrite=True)
        remotes = {remote.name: remote.url for remote in self.git.remotes(self.path).remotes}
        self.assertEqual({"origin": self.server.url, "mirror": self.server.url}, remotes)
        self.assertEqual(self.server.url, self.git.remote_get(self.path, "mirror"))
        self.assertIsNone(self.git.remote_get(self.path, "absent"))
        self.git.remote_add(self.path, "local", "/tmp/git-root/team/project.git", fetch=True)
        self.assertIn("local/side", self.in_repository("git branch -r"))


class Settings(GitCase):
    @checks("git.set_config", "git.get_config", "git.configure_user")
    def test_config(self):
        self.git.init(self.path)
        self.git.set_config("custom.colour", "grün = 1", "local", self.path)
        self.assertEqual("grün = 1", self.git.get_config("custom.colour", "local", self.path))
        self.assertIsNone(self.git.get_config("custom.absent"))
        self.git.configure_user("Ada Ü", "ada@example.com")
        self.assertEqual("Ada Ü", self.git.get_config("user.name", "global"))
        self.git.configure_user("Local", "local@example.com", "local", self.path)
        self.assertEqual("local@example.com\n", self.in_repository("git config user.email"))
        self.shell("git config --global --remove-section user")

    @checks("git.dangerously_authenticate")
    def test_stored_credentials(self):
        host = self.server.base.split("/")[2]
        self.git.dangerously_authenticate(USER, PASSWORD, host, "http")
        self.addCleanup(self.shell, "rm -f ~/.git-credentials; git config --global --unset-all credential.helper")
        self.git.clone(self.server.url, self.path)
        self.assertEqual("one\n", self.in_repository("cat one.txt"))
        self.assertEqual("600\n", self.shell("stat -c %a ~/.git-credentials"))
