"""The published asynchronous Python client against a running platform (DAYTONA_API_URL, DAYTONA_API_KEY)."""

import asyncio
import unittest
import uuid

from daytona import AsyncDaytona, CreateSandboxFromSnapshotParams, DaytonaNotFoundError, ListSandboxesQuery

MARK = uuid.uuid4().hex[:12]


class AsyncClient(unittest.IsolatedAsyncioTestCase):
    async def test_life_cycle(self):
        async with AsyncDaytona() as daytona:
            sandbox = await daytona.create(CreateSandboxFromSnapshotParams(labels={"suite": MARK}))
            try:
                result = await sandbox.process.code_run("print('first light')")
                self.assertEqual("first light", result.result.strip())
                answer = await sandbox.process.exec("echo $V; pwd", cwd="/tmp", env={"V": "1"})
                self.assertEqual("1\n/tmp\n", answer.result)
                await sandbox.fs.upload_file(b"abc", "a.txt")
                self.assertEqual(b"abc", await sandbox.fs.download_file("a.txt"))
                listed = [s.id async for s in daytona.list(ListSandboxesQuery(labels={"suite": MARK}))]
                self.assertEqual([sandbox.id], listed)
                await sandbox.stop()
                await sandbox.start()
                self.assertEqual("abc", (await sandbox.process.exec("cat a.txt")).result)
            finally:
                await sandbox.delete(wait=True)
            with self.assertRaises(DaytonaNotFoundError):
                await daytona.get(sandbox.id)

    async def test_twenty_at_once(self):
        async with AsyncDaytona() as daytona:
            async def one(number):
                sandbox = await daytona.create(CreateSandboxFromSnapshotParams(labels={"suite": MARK}))
                try:
                    return (await sandbox.process.exec(f"echo {number}")).result.strip()
                finally:
                    await sandbox.delete()

            answers = await asyncio.gather(*(one(number) for number in range(20)))
            self.assertEqual([str(number) for number in range(20)], answers)


if __name__ == "__main__":
    unittest.main(verbosity=2)
