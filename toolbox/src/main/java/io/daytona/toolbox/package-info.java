/** The Toolbox API's logic over an agent. */
@NullMarked
package io.daytona.toolbox;

import org.jspecify.annotations.NullMarked;
