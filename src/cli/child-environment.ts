/**
 * What a process of ours may know of its parent's environment, by name. Anything else, such as keys of the Studio's own, or
 * a variable that tells Node what to load, is not handed on.
 */
const NAMES = [
  // Finding programs, homes and temporary folders, on POSIX and on Windows.
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'TEMP',
  'TMP',
  'USERPROFILE',
  'LOCALAPPDATA',
  'APPDATA',
  'SystemRoot',
  'SystemDrive',
  'ComSpec',
  'PATHEXT',
  // Language and time.
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  // Where results and models are kept, and how models are fetched.
  'GOODHART_CACHE',
  'XDG_CACHE_HOME',
  'HF_ENDPOINT',
  'HF_TOKEN',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  // The key of a server that trains, and which server it is the key of.
  'TINKER_API_KEY',
  'TINKER_BASE_URL',
  // What the engine computes on.
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'OMP_NUM_THREADS',
  'CUDA_VISIBLE_DEVICES',
  'ORT_DISABLE_TELEMETRY',
  // Options of Node that whoever started the Studio set, such as the size of the heap.
  'NODE_OPTIONS',
] as const;

/**
 * The environment for a child: the named variables that the parent's environment itself holds, in an object that inherits
 * nothing. `spawn` copies inherited keys too, so a plain object would hand on whatever got into every object's prototype.
 */
export function childEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const own = NAMES.flatMap((name) => (Object.hasOwn(environment, name) ? [[name, environment[name]] as const] : []));
  return Object.setPrototypeOf(Object.fromEntries(own), null) as NodeJS.ProcessEnv;
}
