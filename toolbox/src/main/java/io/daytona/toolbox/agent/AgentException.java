package io.daytona.toolbox.agent;

/** A request that an agent refused, or a connection to it that broke. */
public final class AgentException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Code of an exception after the connection was lost. */
  public static final String LOST = "lost";

  /** Code when a reader fell so far behind that the ring has dropped what it would read next. */
  public static final String OVERRUN = "overrun";

  private final int errno;
  private final String code;

  /**
   * @param errno Linux error number, 0 when there is none
   * @param code short word of the agent, or {@link #LOST}
   * @param message text for people; data of the sandbox
   */
  public AgentException(int errno, String code, String message) {
    super(message);
    this.errno = errno;
    this.code = code;
  }

  /** Linux error number, 0 when there is none. */
  public int errno() {
    return errno;
  }

  /** Short word. */
  public String code() {
    return code;
  }
}
