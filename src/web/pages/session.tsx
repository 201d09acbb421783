import type { ReactNode } from 'react';

export function Setup(): ReactNode {
  return null;
}
export function Login(): ReactNode {
  return null;
}
export function Join(): ReactNode {
  return null;
}
export function AccountPage(): ReactNode {
  return null;
}
