package io.daytona.toolbox.agent.client;

/** Field tags of the agent's protocol (docs/protocols/agent.md, table of tags). */
final class Tag {
  static final int VERB = 1;
  static final int VERSION_MIN = 2;
  static final int VERSION = 2;
  static final int VERSION_MAX = 3;
  static final int AGENT = 4;
  static final int BOOT = 5;
  static final int ERRNO = 6;
  static final int CODE = 7;
  static final int MESSAGE = 8;
  static final int WINDOW = 9;
  static final int HOST = 10;
  static final int PORT = 11;
  static final int HOSTNAME = 12;
  static final int TIMEOUT_MS = 13;
  static final int KILL_ON_CLOSE = 14;
  static final int MERGE = 16;
  static final int FOLLOW = 17;
  static final int UNSET = 18;
  static final int PROCESS = 20;
  static final int PID = 21;
  static final int ARGV = 22;
  static final int ENV = 23;
  static final int CWD = 24;
  static final int USER = 25;
  static final int PTY = 26;
  static final int COLS = 27;
  static final int ROWS = 28;
  static final int DETACHED = 29;
  static final int RING = 30;
  static final int OFFSET = 31;
  static final int SIGNAL = 32;
  static final int STATUS = 33;
  static final int LABEL = 34;
  static final int RUNNING = 35;
  static final int TREE = 36;
  static final int STDIN = 37;
  static final int PATH = 40;
  static final int PATH2 = 41;
  static final int MODE = 42;
  static final int FLAGS = 43;
  static final int UID = 44;
  static final int GID = 45;
  static final int SIZE = 46;
  static final int MTIME_NS = 47;
  static final int NAME = 48;
  static final int TYPE = 49;
  static final int TARGET = 50;
  static final int OFFSET_FIRST = 51;
  static final int LOST = 52;
  static final int RECURSIVE = 53;
  static final int OWNER = 54;
  static final int GROUP = 55;
  static final int ENTRY = 56;
  static final int NO_REPLACE = 57;
  static final int INPUT = 58;
  static final int FEATURE = 59;
  static final int ECHO = 60;
  static final int PREFIX = 61;
  static final int SUBREAPER = 62;

  private Tag() {}
}
