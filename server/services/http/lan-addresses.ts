/** @file Addresses under which other devices of the network reach this machine. */
import { networkInterfaces } from 'node:os';
import { isPermittedAddress } from './certificate-authority.ts';

/**
 * @returns private addresses, the likeliest first: IPv4 before IPv6, home and office ranges before those of virtual networks.
 * Link-local IPv6 is left out: it needs a zone that browsers do not accept.
 */
export function lanAddresses(): string[] {
  const all = Object.entries(networkInterfaces()).flatMap(([name, entries]) =>
    (entries ?? [])
      .filter(({ internal, address }) => !internal && isPermittedAddress(address) && !/^fe[89ab]/i.test(address))
      .map(({ address, family }) => ({ address, rank: rankOf(name, address, family) })),
  );
  return all.sort((a, b) => a.rank - b.rank).map(({ address }) => address);
}

function rankOf(name: string, address: string, family: string): number {
  const isVirtual = /^(docker|br-|veth|virbr|vmnet|vboxnet|tun|tap|wg|utun|zt)/i.test(name);
  const isHome = address.startsWith('192.168.') || address.startsWith('10.');
  return (isVirtual ? 10 : 0) + (family === 'IPv6' ? 4 : 0) + (isHome ? 0 : 1);
}
