package io.daytona.runner.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The form of the pool that the jailer of a test class makes. */
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface PoolForm {

  /** Size of a preallocated XFS image in bytes; 0 for a plain directory with sparse copies. */
  long imageBytes();
}
