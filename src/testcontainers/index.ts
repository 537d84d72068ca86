/** What `ottla/testcontainers` gives: the image for tests in Docker, driven as a broker of the test's own process is. */
export { OttlaContainer, StartedOttlaContainer, type Container, type Started } from './ottla-container.ts';
