/** The stateful Python interpreter (toolbox protocol §5). */
@NullMarked
package io.daytona.toolbox.interpreter;

import org.jspecify.annotations.NullMarked;
