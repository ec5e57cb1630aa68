"""What a sandbox is and what it may reach."""

import http.server
import socket
import threading
import time
import unittest

import platform_under_test as platform


class Sandbox(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.one = platform.create(env={"A": "1"}, labels={"k": "v"})
        cls.two = platform.create(snapshot="daytona-medium")

    @classmethod
    def tearDownClass(cls):
        platform.delete_all()

    def out(self, command, **fields):
        return platform.output(self.one, command, **fields).strip()

    def test_user_home_and_sudo(self):
        self.assertEqual("daytona:/home/daytona:/home/daytona", self.out('echo "$(whoami):$HOME:$PWD"'))
        self.assertEqual("root", self.out("sudo id -un"))
        self.assertEqual("1", self.out("echo $A"))

    def test_disk_size_is_the_snapshots(self):
        for sandbox, size in ((self.one, 3), (self.two, 8)):
            kib = int(platform.output(sandbox, "df -k --output=size / | tail -1"))
            self.assertTrue(size * 0.9 < kib / 2**20 <= size, f"{kib} KiB for {size} GiB")

    def test_disk_limit_is_hard(self):
        answer = platform.execute(self.one, "head -c 4G /dev/zero > big; echo $?; rm -f big; echo after > small && cat small")
        self.assertIn("No space left on device", answer["result"])
        self.assertTrue(answer["result"].rstrip().endswith("after"), answer)

    def test_memory_limit_holds_and_the_sandbox_lives(self):
        answer = platform.execute(self.one, "python3 -c \"x = bytearray(3 * 2**30)\"; echo status $?")
        self.assertIn("status 137", answer["result"])
        self.assertEqual("alive", self.out("echo alive"))

    def test_process_limit_holds_and_the_sandbox_lives(self):
        script = (
            "import os, signal\n"
            "for n in range(20000):\n"
            "    try:\n"
            "        pid = os.fork()\n"
            "    except OSError:\n"
            "        break\n"
            "    if pid == 0:\n"
            "        signal.pause()\n"
            "open('/tmp/forks', 'w').write(str(n))\n"
            "os.killpg(0, 9)\n"
        )
        platform.toolbox(self.two, "POST", "/process/code-run", {"code": script, "language": "python", "timeout": 60})
        self.assertLess(int(platform.output(self.two, "cat /tmp/forks")), 19_999)

    def test_cpu_limit_holds(self):
        code = (
            "import multiprocessing as m, os, time\n"
            "def burn(q):\n  end = time.time() + 2\n  while time.time() < end: pass\n  q.put(time.process_time())\n"
            "q = m.Queue()\nps = [m.Process(target=burn, args=(q,)) for _ in range(2)]\n"
            "[p.start() for p in ps]; print(sum(q.get() for _ in ps))\n"
        )
        reply = platform.toolbox(self.one, "POST", "/process/code-run", {"code": code, "language": "python"})
        used = float(reply.json()["result"])
        self.assertLess(used, 2 * 1.3, "two burning processes got more than one CPU for two seconds")

    def test_network_reaches_out(self):
        self.assertEqual("0", self.out("getent hosts deb.debian.org >/dev/null; echo $?"))

    def test_pip_and_npm_and_apt_work_without_ceremony(self):
        self.assertIn("1.16", self.out("pip install -q six==1.16.0 2>&1; python -c 'import six; print(six.__version__)'"))
        self.assertIn("ok", self.out("npm install -g --silent is-number@7.0.0 && echo ok"))
        self.assertIn("ok", self.out("sudo apt-get -qq update && sudo apt-get -qq install -y hello >/dev/null 2>&1 && hello >/dev/null && echo ok"))

    def test_programs_of_the_default_image(self):
        for program in ("python", "python3", "pip", "node", "npm", "tsc", "ts-node", "git", "curl", "sudo", "rg", "less", "vi", "ssh", "mount", "ps", "ip", "pylsp", "typescript-language-server"):
            self.assertTrue(self.out(f"command -v {program}"), program)
        self.assertRegex(self.out("pylsp --version; typescript-language-server --version"), r"^\S* ?v?\d+\.\d+\S*\n\d+\.\d+")
        self.assertEqual("ok", self.out("python -c 'import numpy, pandas, matplotlib, requests; print(\"ok\")'"))
        self.assertIn("trixie", self.out("cat /etc/os-release"))

    def connects(self, sandbox, host, port):
        code = f"import socket; s=socket.create_connection(('{host}',{port}),2); print('CONNECTED')"
        reply = platform.toolbox(sandbox, "POST", "/process/code-run", {"code": code, "language": "python"})
        return "CONNECTED" in reply.json()["result"]

    def test_host_ports_do_not_answer(self):
        server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), http.server.BaseHTTPRequestHandler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        socket.create_connection(("127.0.0.1", port), 2).close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            address = probe.getsockname()[0]
        socket.create_connection((address, port), 2).close()
        for host in (address, "169.254.77.1"):
            self.assertFalse(self.connects(self.one, host, port), host)
        server.shutdown()

    def test_metadata_address_does_not_answer(self):
        self.assertFalse(self.connects(self.one, "169.254.169.254", 80))

    def test_siblings_do_not_answer(self):
        platform.output(self.two, "nohup python3 -m http.server 8123 >/dev/null 2>&1 & sleep 0.1; for i in $(seq 50); do curl -s -o /dev/null 127.0.0.1:8123 && exit 0; sleep 0.1; done; exit 1")
        address = platform.output(self.two, "ip -4 -o addr show eth0 | sed 's/.*inet \\([0-9.]*\\).*/\\1/'").strip()
        self.assertTrue(self.connects(self.two, address, 8123), "positive control")
        self.assertFalse(self.connects(self.one, address, 8123))

    def test_sandboxes_share_no_uid(self):
        maps = [platform.output(s, "awk '{print $2}' /proc/self/uid_map").strip() for s in (self.one, self.two)]
        self.assertNotEqual(maps[0], maps[1])
        self.assertGreaterEqual(min(map(int, maps)), 65536)

    def test_processes_of_others_are_invisible(self):
        names = self.out("ps -eo comm=")
        self.assertNotIn("java", names)
        self.assertNotIn("postgres", names)

    def test_auto_stop_has_its_effect(self):
        sandbox = platform.create(autoStopInterval=1)
        stopped = platform.eventually(
            lambda: platform.api("GET", "/sandbox/" + sandbox["id"]).json()["state"] == "stopped", 120, "auto-stop after a minute"
        )
        self.assertTrue(stopped)


if __name__ == "__main__":
    unittest.main()
