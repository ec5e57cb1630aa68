package io.daytona.toolbox.interpreter;

import io.daytona.toolbox.ToolboxServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Tests that have an interpreter of their own each. */
abstract class InInterpreter {
  ToolboxServer server;
  Interpreter interpreter;

  @BeforeEach
  void start() throws Exception {
    server = ToolboxServer.start();
    interpreter = new Interpreter(server);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }
}
