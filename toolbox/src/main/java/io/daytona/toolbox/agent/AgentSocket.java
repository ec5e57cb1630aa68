package io.daytona.toolbox.agent;

import java.io.InputStream;
import java.io.OutputStream;

/** A connection to a port inside a sandbox. */
public interface AgentSocket extends AutoCloseable {
  /** Bytes from the port. */
  InputStream input();

  /** Bytes to the port; closing it sends the end. */
  OutputStream output();

  @Override
  void close();
}
