/** What clients are told about this installation: configuration, health, public addresses. */
@NullMarked
package io.daytona.control.configuration;

import org.jspecify.annotations.NullMarked;
