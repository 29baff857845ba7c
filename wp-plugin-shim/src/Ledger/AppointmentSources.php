<?php
/**
 * The appointment systems that are there, by name.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Store\Answer;

defined('ABSPATH') || exit;

final class AppointmentSources
{
    /** @var ?array<string, AppointmentSource> */
    private ?array $all = null;

    /** Null when its plugin is not active: then nobody knows what is wanted, and its rows rest. */
    public function find(string $name): ?AppointmentSource
    {
        return $this->all()[$name] ?? null;
    }

    /** @return list<AppointmentSystem> those that can be asked as a whole */
    public function systems(): array
    {
        return array_values(array_filter($this->all(), static fn(AppointmentSource $source): bool => $source instanceof AppointmentSystem));
    }

    /**
     * What this site can do by itself with an appointment whose doctor leaves.
     *
     * @return list<Answer>
     */
    public function can(string $name, string $appointment): array
    {
        return $this->find($name)?->can($appointment) ?? [];
    }

    /** What people call it. */
    public function title(string $name): string
    {
        $source = $this->find($name);
        return $source instanceof AppointmentSystem ? $source->title() : $name;
    }

    /** @return array<string, AppointmentSource> */
    private function all(): array
    {
        return $this->all ??= [ManualSource::NAME => new ManualSource()]
            + array_filter((array) apply_filters('telemed_appointment_sources', []), static fn($source): bool => $source instanceof AppointmentSource);
    }
}
