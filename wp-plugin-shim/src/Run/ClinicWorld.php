<?php
/**
 * The world around visits as this clinic has it: its appointment systems, its Zoom apps and hosts, its meeting settings.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Run;

use Telemed\Client;
use Telemed\Visit;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\AppointmentSystem;
use TelemedZoom\Ledger\Visit as Wish;
use TelemedZoom\Problem;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Handover;
use TelemedZoom\Store\Handovers;
use TelemedZoom\Store\LetsGo;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class ClinicWorld implements World
{
    public function __construct(
        private readonly AppointmentSources $sources,
        private readonly Database $database,
        private readonly ZoomApps $apps,
        private readonly VisitStore $visits,
        private readonly Handovers $handovers
    ) {
    }

    /** @throws DatabaseException */
    public function standing(Visit $visit): array|false|null
    {
        $source = $this->sources->find($visit->source());
        if ($source === null) {
            // Its plugin is not active: what was made goes on, and what was wished waits.
            return false;
        }
        if (!$source instanceof AppointmentSystem) {
            return $visit->ownStanding();
        }
        $name = $visit->appointment();
        $committed = $source->committed([$name], $this->database);
        // After what they tell of: an appointment is never seen without what was mailed with it.
        $mailed = $source->mails([$name], $this->database);
        if ($committed === null || $mailed === null) {
            return false;
        }
        $wanted = $committed[$name] ?? null;
        $mails = ['mails' => $mailed[$name] ?? []];
        if ($wanted === null) {
            // Whoever was mailed of it has to know that it is gone.
            return $mails['mails'] === [] ? null : ['takes_place' => false] + $mails + $visit->ownStanding();
        }
        return $mails + $wanted->columns();
    }

    /** @throws DatabaseException */
    public function facts(Visit $visit): array
    {
        try {
            $who = ['maker' => $this->apps->makerFor($visit->doctor())->columns()];
        } catch (Problem $problem) {
            $who = ['problem' => self::problem($problem, $problem->id, $problem->passes())];
        } catch (\Telemed\TelemedException $failure) {
            $who = ['problem' => self::problem($failure, $failure->id(), $failure->isRetryable())];
        }
        return $who + $this->handovers($visit, isset($who['maker'])) + ['patient' => $this->visits->patientOf($visit)];
    }

    /**
     * Who or what lets go, and what can be done with the visit then. A doctor whose deletion was rolled back has not left.
     *
     * @return array{handovers?: list<array<string, int|string|null>>, can?: list<string>}
     * @throws DatabaseException
     */
    private function handovers(Visit $visit, bool $canHost): array
    {
        if (!$visit->mayBeHandedOver($canHost)) {
            return [];
        }
        $handovers = array_filter($this->handovers->all(), static fn(Handover $one): bool => $one->letsGo !== LetsGo::Left || !Capabilities::isDoctor($one->doctor()));
        return [
            'handovers' => array_values(array_map(static fn(Handover $one): array => $one->facts(), $handovers)),
            'can' => array_column($this->sources->can($visit->source(), $visit->appointment()), 'value'),
        ];
    }

    public function client(array $maker): Client
    {
        return $this->apps->thatMade($maker)->client;
    }

    public function settings(): array
    {
        return Wish::settings();
    }

    /** @return array<string, mixed> */
    private static function problem(\Throwable $failure, string $id, bool $passes): array
    {
        return ['id' => $id, 'passes' => $passes, 'parameters' => ['message' => ErrorText::of($failure)]];
    }
}
