<?php
/**
 * The appointment systems that are there, by name.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

defined('ABSPATH') || exit;

final class AppointmentSources
{
    /** @var ?array<string, AppointmentSource> */
    private ?array $all = null;

    /** Null when its plugin is not active: then nobody knows what is wanted, and its rows rest. */
    public function find(string $name): ?AppointmentSource
    {
        $this->all ??= [ManualSource::NAME => new ManualSource()]
            + array_filter((array) apply_filters('telemed_appointment_sources', []), static fn($source): bool => $source instanceof AppointmentSource);
        return $this->all[$name] ?? null;
    }
}
