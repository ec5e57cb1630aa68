package io.daytona.toolbox.file;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** Tests that share one toolbox and have a directory of their own each. */
abstract class InFileBox {
  static FileBox box;

  Path dir;
  String here;

  @BeforeAll
  static void start() throws Exception {
    box = FileBox.start();
  }

  @AfterAll
  static void stop() throws Exception {
    box.close();
  }

  @BeforeEach
  void makeDirectory() throws Exception {
    dir = box.directory();
    here = dir.getFileName().toString();
  }
}
