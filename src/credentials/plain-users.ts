/** The users of SASL PLAIN as a broker's settings have them: a login module of JAAS with a name and a password for each. PURE. */

const PLAIN_MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule';

/** The key by which a listener is given them. */
export function plainUsersKey(listener: string): string {
  return `listener.name.${listener.toLowerCase()}.plain.sasl.jaas.config`;
}

/** `users`: passwords by name. `self`: who the broker itself is where it connects to others. */
export function plainUsers(
  users: ReadonlyMap<string, string>,
  self: { readonly name: string; readonly password: string } | null = null,
): string {
  const own = self === null ? [] : [`username="${jaasText(self.name)}"`, `password="${jaasText(self.password)}"`];
  const options = Array.from(users, ([name, password]) => `"user_${jaasText(name)}"="${jaasText(password)}"`);
  return `${PLAIN_MODULE} required ${[...own, ...options].join(' ')};`;
}

/** As it stands within quotes of JAAS. */
export function jaasText(text: string): string {
  return text.replace(/[\\"]/g, '\\$&');
}
