package io.daytona.toolbox.git;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;

/** A name of its own for the repository of each test, in one sandbox for the class. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class LocalRepository {
  GitBox box;
  String repo = "";
  Path tree = Path.of("");

  @BeforeAll
  void start() throws Exception {
    box = GitBox.start();
  }

  @AfterAll
  void stop() throws Exception {
    box.close();
  }

  @BeforeEach
  void name(TestInfo test) {
    repo = test.getTestMethod().orElseThrow().getName() + test.getDisplayName().hashCode();
    tree = box.work().resolve(repo);
  }

  /** Commits another content of a file. */
  void change(String file, String text) throws Exception {
    Files.writeString(tree.resolve(file), text);
    box.done("add", "path", repo, "files", List.of(file));
    box.commit(repo, "change");
  }
}
